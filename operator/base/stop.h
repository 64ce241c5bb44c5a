// Stopping is cooperative: std::stop_token is passed down to whatever may block, and every wait
// takes one.
#pragma once

#include <chrono>
#include <stop_token>

#include "operator/base/mutex.h"

namespace profiling {

// Sleeps for `d` or until `stop` is requested; true if the whole time has passed.
inline bool sleepFor(const std::stop_token& stop, std::chrono::milliseconds d) {
  Mutex mutex;
  CondVar never;
  const MutexLock lock(mutex);
  never.waitFor(mutex, stop, d, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace profiling
