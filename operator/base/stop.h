// Stopping is cooperative: std::stop_token is passed down to whatever may block, and every wait
// takes one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace profiling {

// Sleeps for `d` or until `stop` is requested; true if the whole time has passed.
inline bool sleepFor(const std::stop_token& stop, std::chrono::milliseconds d) {
  std::mutex mutex;
  std::condition_variable_any cv;
  std::unique_lock lock(mutex);
  cv.wait_for(lock, stop, d, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace profiling
