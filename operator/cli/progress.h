// Progress bars and durations as short text. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "operator/cli/table.h"

namespace profiling::cli {

// "[####......] 4/10". The bar is full only when all are done and empty only when none is.
std::string progressBar(std::int64_t done, std::int64_t total, const Style& style);

// As kubectl's AGE column: "45s", "3m12s", "27m", "5h10m", "3d4h". Negative counts as zero.
std::string span(std::chrono::milliseconds time);
// Time since an RFC 3339 time; empty if the text is invalid.
std::string age(std::string_view since, std::chrono::system_clock::time_point now);
// For estimates, two units at most: "40s", "25m", "2h10m", "1d4h".
std::string roughly(std::chrono::milliseconds time);

}  // namespace profiling::cli
