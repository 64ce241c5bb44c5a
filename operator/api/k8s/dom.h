// Walks over simdjson's DOM for the decoders of pods and reviews. Nothing here throws: simdjson
// reports by error code.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "operator/base/text.h"

namespace profiling::api {

// Pods nest about 12 deep; a parser that follows deeper input wastes memory on hostile bodies.
inline constexpr std::size_t kMaxJsonDepth = 64;

using simdjson::dom::element;
using simdjson::dom::element_type;

// Detects a repeated key of an object. Parsers differ in which value they keep, so such an object
// means one thing to us and another to the API server. Objects are small: up to 16 keys are
// compared directly, more are sorted at the end.
class KeyGuard {
 public:
  bool repeated(std::string_view key) {
    if (count_ < few_.size()) {
      for (std::size_t i = 0; i < count_; ++i) {
        if (few_[i] == key) return true;
      }
      few_[count_++] = key;
      return false;
    }
    if (many_.empty()) many_.assign(few_.begin(), few_.end());
    many_.push_back(key);
    return false;
  }
  // A repeated key among many, or an empty view.
  bool repeatedAmongMany() {
    std::sort(many_.begin(), many_.end());
    return std::adjacent_find(many_.begin(), many_.end()) != many_.end();
  }

 private:
  std::array<std::string_view, 16> few_;
  std::size_t count_ = 0;
  std::vector<std::string_view> many_;
};

// Calls visit(key, value) for each field. False when a key is repeated (`error` states where).
template <class Visit>
bool eachField(simdjson::dom::object object, std::string_view where, std::string& error,
               Visit&& visit) {
  KeyGuard guard;
  for (const auto field : object) {
    if (guard.repeated(field.key)) {
      error = std::string(where) + ": key \"" + printable(field.key, 60) + "\" is there twice";
      return false;
    }
    visit(field.key, field.value);
  }
  if (guard.repeatedAmongMany()) {
    error = std::string(where) + ": a key is there twice";
    return false;
  }
  return true;
}

// For objects that the API server has stored, which repeat no key. Values of another type count as
// absent.
template <class Visit>
void eachField(element e, Visit&& visit) {
  simdjson::dom::object object;
  if (e.get(object) != simdjson::SUCCESS) return;
  for (const auto field : object) visit(field.key, field.value);
}
template <class Visit>
void eachItem(element e, Visit&& visit) {
  simdjson::dom::array array;
  if (e.get(array) != simdjson::SUCCESS) return;
  for (const element item : array) visit(item);
}
inline std::string_view textOf(element e) {
  std::string_view out;
  return e.get(out) == simdjson::SUCCESS ? out : std::string_view();
}

inline bool isNull(element e) {
  return e.type() == element_type::NULL_VALUE;
}

}  // namespace profiling::api
