// The actions of rollouts that the API server refused. Each is tried again after a while, ever less
// often, and the engine states meanwhile why the workload waits. Kept in memory only: after a restart
// of the controller each is tried once more. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "controllers/engine/engine.h"
#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/base/status.h"

namespace profiling::controllers {

// Bytes of an answer of the API server that a record repeats.
inline constexpr std::size_t kMostWords = 300;

class Refusals {
 public:
  explicit Refusals(const Clock& clock) : clock_(clock) {}

  // The API server refused `action`. Returns how long to wait before the next try.
  std::chrono::milliseconds add(const std::string& workload, const engine::Action& action,
                                const Status& why);
  void done(const std::string& workload);  // the API server performed the workload's actions
  // Nothing of what the record asks for was done, and there is no outcome to wait for: until done(),
  // or add() for a reason that leaves it open.
  void nothingWent(const std::string& workload);
  // Marks the workloads and pods that wait; returns when the first of them need not any more.
  std::optional<std::chrono::milliseconds> mark(engine::World& world);

 private:
  struct Refused {
    engine::Setback why;
    std::int64_t times = 0;  // in a row
    SteadyTime until{};
    std::set<std::string> pods;  // uids
  };

  const Clock& clock_;
  Mutex mutex_;
  std::map<std::string, Refused> refused_ PROFILING_GUARDED_BY(mutex_);  // by workload key
  // By workload key: for how long it is worth knowing.
  std::map<std::string, SteadyTime> nothing_went_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::controllers
