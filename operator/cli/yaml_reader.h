// YAML as JSON, within bounds: aliases multiply what a small text says. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "operator/base/status.h"

namespace profiling::cli {

// What the values of one input may add up to after aliases were replaced. Shared by all documents of
// the input.
struct YamlBudget {
  std::size_t values = 2'000'000;
  std::size_t bytes = 64U << 20U;  // of scalars and keys
};

// The documents of `text`; empty ones are dropped and quoted scalars stay strings. Errors are
// kInvalidArgument with the line, counted from `first_line`.
Result<std::vector<nlohmann::json>> readYaml(const std::string& text, std::size_t first_line,
                                             YamlBudget& budget);

}  // namespace profiling::cli
