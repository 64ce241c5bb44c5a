// A field as the C++ tables describe it, for the test that compares them with the YAML of the CRDs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace profiling::api {

struct FieldSchema {
  std::string path;  // "/spec/sampling/cpuHz"
  std::string type;  // string, integer, boolean, object, array
  bool required = false;
  nlohmann::json default_value;  // null: none
  std::vector<std::string> enum_values;
  std::optional<std::int64_t> minimum, maximum;
};

}  // namespace profiling::api
