// Reads a DOM that others wrote: a field that is missing or has another type reads as empty;
// nothing throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace profiling::api {

inline const nlohmann::json& member(const nlohmann::json& object, std::string_view key) {
  static const nlohmann::json kNothing;
  if (!object.is_object()) return kNothing;
  const auto it = object.find(key);
  return it == object.end() ? kNothing : *it;
}
// member(member(object, "a"), "b"), for any number of keys.
template <class... Keys>
const nlohmann::json& member(const nlohmann::json& object, std::string_view first, Keys... rest) {
  return member(member(object, first), rest...);
}
inline std::string text(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}
inline std::int64_t integer(const nlohmann::json& value) {
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}
inline bool isTrue(const nlohmann::json& value) {
  return value.is_boolean() && value.get<bool>();
}

}  // namespace profiling::api
