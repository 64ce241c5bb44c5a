// JSON strings. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace profiling {

// Appends `text` as a JSON string with its quotes. Bytes that are not valid UTF-8 become U+FFFD,
// so the output is always valid JSON.
void appendJsonString(std::string& out, std::string_view text);
std::string jsonString(std::string_view text);

}  // namespace profiling
