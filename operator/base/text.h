// Small text helpers that every layer needs. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace profiling {

// Length of the valid UTF-8 sequence at the start of `text`, which is not empty; 0 if there is none
// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8Length(std::string_view text);

// At most `max` bytes of `text`, cut at a UTF-8 boundary, with "…" when something was cut; control
// characters become spaces. For user-controlled strings in warnings, events and messages.
std::string printable(std::string_view text, std::size_t max = 120);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);  // ASCII white space

}  // namespace profiling
