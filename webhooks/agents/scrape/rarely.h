// Limits a repeated log message: written the first time, then at most once in five minutes, with
// the number suppressed since. Pure; one for each message.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "operator/base/clock.h"

namespace profiling::scrape {

class Rarely {
 public:
  static constexpr std::chrono::minutes kPause{5};

  // If this message is to be written: how many were suppressed since the last one.
  std::optional<std::uint64_t> now(SteadyTime time) {
    if (last_ && time - *last_ < kPause) {
      ++held_;
      return std::nullopt;
    }
    last_ = time;
    return std::exchange(held_, 0);
  }
  // The condition has passed; the next message is written at once.
  void over() { last_.reset(); }

 private:
  std::optional<SteadyTime> last_;
  std::uint64_t held_ = 0;
};

}  // namespace profiling::scrape
