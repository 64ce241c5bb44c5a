// Reading and writing JSON and YAML. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "operator/base/status.h"
#include "operator/cli/yaml_reader.h"

namespace profiling::cli {

enum class Format { kTable, kWide, kJson, kYaml };

// Indented, with a final newline; kTable and kWide render as kJson.
std::string render(const nlohmann::json& value, Format format);

// YAML or JSON documents; quoted scalars stay strings and empty documents are dropped. Errors are
// kInvalidArgument with the line, counted from `first_line`; `budget` bounds all of an input.
Result<std::vector<nlohmann::json>> parseDocuments(const std::string& text, std::size_t first_line,
                                                   YamlBudget& budget);
// Exactly one document.
Result<nlohmann::json> parseDocument(const std::string& text);

}  // namespace profiling::cli
