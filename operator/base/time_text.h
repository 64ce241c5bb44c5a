// Times and durations as Kubernetes writes them. Pure and thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "operator/base/status.h"

namespace profiling {

// 2026-08-01T12:00:00Z, UTC, whole seconds: the form of metav1.Time.
std::string formatRfc3339(std::chrono::system_clock::time_point t);
// With microseconds: the form of metav1.MicroTime.
std::string formatRfc3339Micro(std::chrono::system_clock::time_point t);
// nullopt for other texts, and for years before 1678 and after 2261.
std::optional<std::chrono::system_clock::time_point> parseRfc3339(std::string_view text);

// The form of HTTP (RFC 9110 5.6.7): Sun, 06 Nov 1994 08:49:37 GMT. nullopt for other texts, also for
// the two obsolete forms.
std::optional<std::chrono::system_clock::time_point> parseHttpDate(std::string_view text);

// Go's duration strings, as Kubernetes APIs use them: "15s", "1h30m", "250ms". Units h m s ms;
// no sign, no space, at most one year.
Result<std::chrono::milliseconds> parseDuration(std::string_view text);

}  // namespace profiling
