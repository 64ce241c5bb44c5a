// What the API server checks of an object of ours: the schema of its CRD, with the CEL rules. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace profiling::cli {

extern const std::array<std::string_view, 4> kCrds;  // crds/*.yaml, built in

struct SchemaProblem {
  std::string field;  // a JSON pointer
  std::string message;
};

// What is wrong with `object`, as if it were created; empty for a kind that is not ours. Unknown
// fields are not reported: the API server drops them.
std::vector<SchemaProblem> schemaProblems(const nlohmann::json& object);

// The openAPIV3Schema of a kind of ours; null for another.
const nlohmann::json& schemaOf(std::string_view kind);

}  // namespace profiling::cli
