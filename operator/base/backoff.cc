#include "operator/base/backoff.h"

#include <algorithm>

namespace profiling {

std::chrono::milliseconds Backoff::next() {
  const int shift = std::min(attempts_, 20);
  ++attempts_;
  const auto limit = std::min<std::int64_t>(spec_.cap.count(), spec_.base.count() << shift);
  const auto low = std::min<std::int64_t>(limit, spec_.base.count() / 2);
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(low, limit)(random_));
}

}  // namespace profiling
