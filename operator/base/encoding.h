// Base64 and SHA-256. Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace profiling {

std::string base64Encode(std::string_view bytes);
std::optional<std::string> base64Decode(std::string_view text);
std::string hexSha256(std::string_view bytes);

}  // namespace profiling
