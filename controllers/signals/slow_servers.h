// Servers that let questions run into their deadline. Where one thread asks all of them, each of these
// is asked half as often each time, so that it takes little of the thread's time from the others.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <unordered_map>

#include "operator/base/clock.h"
#include "operator/base/status.h"

namespace profiling::signals {

// Not thread-safe.
class SlowServers {
 public:
  static constexpr Millis kFirstPause = std::chrono::minutes(1);
  static constexpr Millis kLongestPause = std::chrono::hours(1);

  // How long not to ask this server; zero: it may be asked.
  Millis pause(const std::string& server, SteadyTime now) const {
    const auto it = servers_.find(server);
    if (it == servers_.end()) return Millis(0);
    return std::max(std::chrono::ceil<Millis>(it->second.until - now), Millis(0));
  }

  // After each question, with its outcome.
  void asked(const std::string& server, const Status& outcome, SteadyTime now) {
    if (outcome.code() != Code::kDeadlineExceeded) {
      servers_.erase(server);
      return;
    }
    Slow& slow = servers_[server];
    slow.pause = std::clamp(slow.pause * 2, kFirstPause, kLongestPause);
    slow.until = now + slow.pause;
  }

 private:
  struct Slow {
    SteadyTime until{};
    Millis pause{};
  };
  std::unordered_map<std::string, Slow> servers_;
};

}  // namespace profiling::signals
