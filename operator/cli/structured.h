// JSON and YAML, as people read and write them. Pure.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "operator/base/status.h"

namespace profiling::cli {

enum class Format { kTable, kWide, kJson, kYaml };

// Indented, with a newline at the end; kTable and kWide count as kJson.
std::string render(const nlohmann::json& value, Format format);

// One YAML (or JSON) document as the API server would be sent it: what is quoted stays a string.
// Errors are kInvalidArgument with the line.
Result<nlohmann::json> parseDocument(const std::string& text);

}  // namespace profiling::cli
