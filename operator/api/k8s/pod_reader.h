// What the decoders of a pod's parts share. Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/k8s/dom.h"
#include "operator/api/k8s/pod_view.h"

namespace profiling::api {

// Reads leniently: remembers the first repeated key (an error) and the first field of a wrong type (a
// problem), and continues.
class PodReader {
 public:
  const std::string& error() const { return error_; }
  std::string& problem() { return problem_; }

  template <class Visit>
  void fields(element e, std::string_view what, Visit&& visit) {
    if (isNull(e)) return;
    simdjson::dom::object object;
    if (e.get(object) != simdjson::SUCCESS) return wrong(what, "an object");
    std::string repeated;
    if (!eachField(object, what, repeated, visit) && error_.empty()) error_ = place(repeated);
  }
  // Calls visit(index, element); true when the array exists.
  template <class Visit>
  bool items(element e, std::string_view what, Visit&& visit) {
    if (isNull(e)) return false;
    simdjson::dom::array array;
    if (e.get(array) != simdjson::SUCCESS) {
      wrong(what, "an array");
      return false;
    }
    std::size_t index = 0;
    for (const element item : array) visit(index++, item);
    return true;
  }
  void text(element e, std::string_view what, std::string_view& out) {
    if (!isNull(e) && e.get(out) != simdjson::SUCCESS) wrong(what, "a string");
  }
  void boolean(element e, std::string_view what, bool& out) {
    if (!isNull(e) && e.get(out) != simdjson::SUCCESS) wrong(what, "true or false");
  }
  void optionalBoolean(element e, std::string_view what, std::optional<bool>& out) {
    bool value = false;
    if (isNull(e)) return;
    if (e.get(value) != simdjson::SUCCESS) return wrong(what, "true or false");
    out = value;
  }
  void optionalInteger(element e, std::string_view what, std::optional<std::int64_t>& out) {
    std::int64_t value = 0;
    if (isNull(e)) return;
    if (e.get(value) != simdjson::SUCCESS) return wrong(what, "a whole number");
    out = value;
  }
  // The API server writes quantities as strings, but YAML's `cpu: 1` is a number in JSON.
  void quantity(element e, std::string_view what, std::string_view& out) {
    if (isNull(e) || e.get(out) == simdjson::SUCCESS) return;
    std::int64_t number = 0;
    if (e.get(number) == simdjson::SUCCESS && number >= 0 && number <= 9) {
      static constexpr std::string_view kDigits = "0123456789";
      out = kDigits.substr(static_cast<std::size_t>(number), 1);
      return;
    }
    wrong(what, "a quantity");
  }
  bool map(element e, std::string_view what, std::vector<KeyValueView>& out) {
    bool is_object = e.type() == element_type::OBJECT;
    fields(e, what, [&](std::string_view key, element v) {
      KeyValueView item{key, {}};
      text(v, what, item.value);
      out.push_back(item);
    });
    return is_object;
  }

  void enter(std::string_view list, std::size_t index) {
    list_ = list;
    index_ = index;
  }
  void leave() { list_ = {}; }

 private:
  std::string place(std::string_view text) const {
    if (list_.empty()) return std::string(text);
    return std::string(list_) + "[" + std::to_string(index_) + "]." + std::string(text);
  }
  void wrong(std::string_view what, std::string_view wanted) {
    if (problem_.empty()) problem_ = place(what) + " must be " + std::string(wanted);
  }

  std::string error_, problem_;
  std::string_view list_;  // of the container that is being read
  std::size_t index_ = 0;
};

// The entries of spec.containers or spec.initContainers; true when the list exists.
bool readContainers(PodReader& r, element list, std::string_view where, bool init,
                    std::vector<ContainerView>& out);
// securityContext of a pod or a container; `pod` is null for a container.
void readSecurity(PodReader& r, element e, SecurityView& out, PodView* pod);
void readResources(PodReader& r, element e, std::string_view what, ResourcesView& out);
// The quantities of one list of requests or limits.
void readQuantities(PodReader& r, element e, std::string_view what, bool limits,
                    ResourcesView& out);
// The required terms of spec.affinity, and spec.tolerations.
void readAffinity(PodReader& r, element e, std::vector<NodeTermView>& out);
void readTolerations(PodReader& r, element e, std::vector<TolerationView>& out);
void readStrings(PodReader& r, element e, std::string_view what,
                 std::vector<std::string_view>& out);

}  // namespace profiling::api
