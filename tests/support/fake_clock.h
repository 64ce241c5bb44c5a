// A clock that moves only when the test says so. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "operator/base/clock.h"

namespace profiling::test {

class FakeClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime(offset()); }
  WallTime wall() const override {
    return start_ + std::chrono::duration_cast<WallTime::duration>(offset());
  }

  template <class Rep, class Period>
  void advance(std::chrono::duration<Rep, Period> d) {
    nanoseconds_ += std::chrono::duration_cast<std::chrono::nanoseconds>(d).count();
  }

 private:
  std::chrono::nanoseconds offset() const { return std::chrono::nanoseconds(nanoseconds_.load()); }

  // The test begins at 2026-08-01T12:00:00Z with an hour of steady time behind it, so that
  // subtracting a little stays positive.
  const WallTime start_ = WallTime(std::chrono::seconds(1785582000));
  std::atomic<std::int64_t> nanoseconds_{std::int64_t{3600} * 1'000'000'000};
};

}  // namespace profiling::test
