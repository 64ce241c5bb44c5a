// A quantity as the API server writes it, or as a number of YAML. Private to this folder.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace profiling::inject {

inline std::string quantityIn(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? value.dump() : std::string();
}

}  // namespace profiling::inject
