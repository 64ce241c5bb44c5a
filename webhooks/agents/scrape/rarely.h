// Decides when a message that would come over and over is written: the first time, then at most
// once in five minutes, with the number of those that were not. Pure; one for each message.
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

  // How many were held back since the last one, if this one is to be written.
  std::optional<std::uint64_t> now(SteadyTime time) {
    if (last_ && time - *last_ < kPause) {
      ++held_;
      return std::nullopt;
    }
    last_ = time;
    return std::exchange(held_, 0);
  }
  // What it was about is over; the next one is news.
  void over() { last_.reset(); }

 private:
  std::optional<SteadyTime> last_;
  std::uint64_t held_ = 0;
};

}  // namespace profiling::scrape
