// Slows down two controllers that undo each other's writes: the same write of the same object may
// be repeated after 1 s, then 2, 4, … up to a minute. It also covers the time between a write and
// its event, in which a store still shows the old object.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"

namespace profiling::controllers {

// Thread-safe.
class ApplyGuard {
 public:
  explicit ApplyGuard(const Clock& clock = Clock::real()) : clock_(clock) {}

  // nullopt: write now; the write is recorded. Else how long to wait before the next check.
  // `content` is a hash of what would be written; different content is never held up.
  std::optional<Millis> check(const std::string& object, const std::string& content);
  void forget(const std::string& object);  // the object is deleted, or the write failed

 private:
  struct Entry {
    std::string content;
    SteadyTime last;
    Millis interval;
  };
  const Clock& clock_;
  Mutex mutex_;
  std::map<std::string, Entry> entries_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::controllers
