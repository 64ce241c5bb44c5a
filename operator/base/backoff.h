// Exponential backoff with full jitter: each delay is uniform in [0, min(cap, base * 2^n)], but
// never below base / 2, so that a failing call is not repeated at once.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace profiling {

struct BackoffSpec {
  std::chrono::milliseconds base{800};
  std::chrono::milliseconds cap{30'000};
};

// Not thread-safe; one instance for each retried operation.
class Backoff {
 public:
  explicit Backoff(BackoffSpec spec, std::uint64_t seed = std::random_device{}())
      : spec_(spec), random_(seed) {}

  std::chrono::milliseconds next();
  void reset() { attempts_ = 0; }
  int attempts() const { return attempts_; }

 private:
  BackoffSpec spec_;
  int attempts_ = 0;
  std::minstd_rand random_;  // 8 bytes of state: a work queue keeps one for each failing key
};

// The wait after a failure for the nth time in a row (from 1): `first`, then `factor` times as long
// each time, at most `longest`.
inline std::chrono::milliseconds growingWait(std::chrono::milliseconds first, std::int64_t times,
                                             std::chrono::milliseconds longest, int factor = 4) {
  auto wait = first;
  for (std::int64_t i = 1; i < times && wait < longest; ++i) wait *= factor;
  return std::min(wait, longest);
}

}  // namespace profiling
