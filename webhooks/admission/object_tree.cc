#include "webhooks/admission/object_tree.h"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "operator/api/k8s/dom.h"

namespace profiling::admission {
namespace {

using Json = nlohmann::json;

// Steps of the path to a fault, innermost first; empty: no fault.
class Fault {
 public:
  void repeatedKey() { found_ = true; }
  bool found() const { return found_; }
  void within(std::string_view step) { path_ = "/" + printable(step, 60) + path_; }
  Status status() const {
    if (!found_) return {};
    return Status(Code::kInvalidArgument,
                  "request.object: a key is there twice in " + (path_.empty() ? "/" : path_));
  }

 private:
  bool found_ = false;
  std::string path_;
};

bool copyValue(api::element from, Json& out, Fault& fault);

bool copyObject(simdjson::dom::object from, Json& out, Fault& fault) {
  out = Json::object();
  api::KeyGuard guard;
  for (const auto field : from) {
    if (guard.repeated(field.key)) {
      fault.repeatedKey();
      return false;
    }
    if (!copyValue(field.value, out[std::string(field.key)], fault)) {
      fault.within(field.key);
      return false;
    }
  }
  if (guard.repeatedAmongMany()) fault.repeatedKey();
  return !fault.found();
}

bool copyArray(simdjson::dom::array from, Json& out, Fault& fault) {
  out = Json::array();
  for (const api::element item : from) {
    if (!copyValue(item, out.emplace_back(), fault)) {
      fault.within(std::to_string(out.size() - 1));
      return false;
    }
  }
  return true;
}

bool copyValue(api::element from, Json& out, Fault& fault) {
  switch (from.type()) {
    case api::element_type::OBJECT:
      return copyObject(simdjson::dom::object(from), out, fault);
    case api::element_type::ARRAY:
      return copyArray(simdjson::dom::array(from), out, fault);
    case api::element_type::STRING:
      out = std::string(std::string_view(from));
      break;
    case api::element_type::INT64:
      out = std::int64_t(from);
      break;
    case api::element_type::UINT64:
      out = std::uint64_t(from);
      break;
    case api::element_type::DOUBLE:
      out = double(from);
      break;
    case api::element_type::BOOL:
      out = bool(from);
      break;
    case api::element_type::NULL_VALUE:
      break;
  }
  return true;
}

}  // namespace

Status objectTree(api::element object, nlohmann::json& out) {
  Fault fault;
  copyValue(object, out, fault);
  return fault.status();
}

}  // namespace profiling::admission
