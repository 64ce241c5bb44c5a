// When to look again whether a namespace has room for agents by now. No event of a workload shows
// that a LimitRange has changed, and each look reads the pod, its ConfigMaps and the LimitRanges:
// the waits grow, so that thousands of workloads without room cost the API server little, and
// differ by record, so that those which began together do not go on together.
#pragma once

#include <map>
#include <string>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"

namespace profiling::controllers {

// Thread-safe. Kept in memory only: after a restart the waits begin anew.
class RoomLooks {
 public:
  static constexpr Millis kFirst{60'000};
  static constexpr Millis kLongest{3'600'000};

  explicit RoomLooks(const Clock& clock) : clock_(clock) {}

  // `record`: namespace and name of the workload's record. Whether the wait is over. Then the next one, a longer one, begins.
  bool due(const std::string& record);
  // What is left of the wait; the first one begins with the first call.
  Millis wait(const std::string& record);
  // The workload has room, or needs none.
  void forget(const std::string& record);

 private:
  struct Look {
    SteadyTime next;
    int looks = 0;
  };
  Look& lookOf(const std::string& record) PROFILING_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  std::map<std::string, Look> looks_ PROFILING_GUARDED_BY(mutex_);  // by record
};

}  // namespace profiling::controllers
