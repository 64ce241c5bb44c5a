// gzip with bounds, so that a small body cannot become a large one. Pure.
#pragma once

#include <string>
#include <string_view>

#include "operator/base/status.h"

namespace profiling::scrape {

bool isGzip(std::string_view bytes);

// All members of a gzip file. kTooLarge when more than `max` bytes would come out, kInvalidArgument
// for what is no gzip file or is cut short.
Result<std::string> gunzip(std::string_view bytes, std::size_t max);

// Fast rather than small: most of a profile's weight is in repeated words, which any level finds.
std::string gzip(std::string_view bytes);

}  // namespace profiling::scrape
