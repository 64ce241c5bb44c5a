// Stopping is cooperative: callers pass a std::stop_token down to every call that may block.
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
