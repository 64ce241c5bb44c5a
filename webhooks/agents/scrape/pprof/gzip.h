// gzip with bounds, so that a small body cannot become a large one. Pure.
#pragma once

#include <string>
#include <string_view>

#include "operator/base/status.h"

namespace profiling::scrape {

bool isGzip(std::string_view bytes);

// Unpacks all members of a gzip file. kTooLarge for more than `max` bytes of output,
// kInvalidArgument if it is not a gzip file or is truncated.
Result<std::string> gunzip(std::string_view bytes, std::size_t max);

// Fast rather than small: a profile is mostly repeated words, which any level compresses.
std::string gzip(std::string_view bytes);

}  // namespace profiling::scrape
