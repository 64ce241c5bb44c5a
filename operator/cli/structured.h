// JSON and YAML, as people read and write them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/base/status.h"

namespace profiling::cli {

enum class Format { kTable, kWide, kJson, kYaml };

// Indented, with a newline at the end; kTable and kWide count as kJson.
std::string render(const nlohmann::json& value, Format format);

// YAML (or JSON) documents as the API server would be sent them: what is quoted stays a string.
// Empty ones are left out. Errors are kInvalidArgument with the line, counted from `first_line`.
Result<std::vector<nlohmann::json>> parseDocuments(const std::string& text,
                                                   std::size_t first_line = 0);
// The only one.
Result<nlohmann::json> parseDocument(const std::string& text);

}  // namespace profiling::cli
