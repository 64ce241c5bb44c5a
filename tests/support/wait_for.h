// Waits for a condition with a deadline, for tests of code that runs in its own threads.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace profiling::test {

// Polls `condition` until it holds; false when `deadline` passed first.
inline bool waitFor(const std::function<bool()>& condition,
                    std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace profiling::test
