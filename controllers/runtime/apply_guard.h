// Keeps two controllers that undo each other's writes from doing it without end: the same write of
// the same object may be repeated after 1 s, then 2, 4, … up to a minute. It also covers the time
// between a write and its event, in which a store still shows the object as it was.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "operator/base/clock.h"

namespace profiling::controllers {

// Thread-safe.
class ApplyGuard {
 public:
  explicit ApplyGuard(const Clock& clock = Clock::real()) : clock_(clock) {}

  // nullopt: go ahead, and the write is noted. Else how long to wait before asking again.
  // `content` is a hash of what would be written; another content is never held up.
  std::optional<Millis> check(const std::string& object, const std::string& content);
  void forget(const std::string& object);  // the object is gone, or the write did not happen

 private:
  struct Entry {
    std::string content;
    SteadyTime last;
    Millis interval;
  };
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace profiling::controllers
