// Small text helpers that every layer needs. Pure and thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/status.h"

namespace profiling {

// Appends `text` as a JSON string with its quotes. Bytes that are not valid UTF-8 become U+FFFD,
// so the output is always valid JSON.
void appendJsonString(std::string& out, std::string_view text);
std::string jsonString(std::string_view text);

// At most `max` bytes of `text`, cut at a UTF-8 boundary, with "…" when something was cut; control
// characters become spaces. For user-controlled strings in warnings, events and messages.
std::string printable(std::string_view text, std::size_t max = 120);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);  // ASCII white space

std::string base64Encode(std::string_view bytes);
std::optional<std::string> base64Decode(std::string_view text);
std::string hexSha256(std::string_view bytes);

// 2026-08-01T12:00:00Z, UTC, whole seconds: the form of metav1.Time.
std::string formatRfc3339(std::chrono::system_clock::time_point t);
// With microseconds: the form of metav1.MicroTime.
std::string formatRfc3339Micro(std::chrono::system_clock::time_point t);
std::optional<std::chrono::system_clock::time_point> parseRfc3339(std::string_view text);

// Go's duration strings, as Kubernetes APIs use them: "15s", "1h30m", "250ms". Units h m s ms;
// no sign, no blank, at most one year.
Result<std::chrono::milliseconds> parseDuration(std::string_view text);

}  // namespace profiling
