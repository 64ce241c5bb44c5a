// An injected source of time, so that tests of decisions need not wait.
#pragma once

#include <chrono>

namespace profiling {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using Millis = std::chrono::milliseconds;

// Thread-safe. Timers use steady(); only certificates and timestamps in objects use wall().
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady() const = 0;
  virtual WallTime wall() const = 0;

  static const Clock& real();  // never destroyed
};

}  // namespace profiling
