// A queue of keys to reconcile: duplicates fold into one, a key never runs on two workers at once,
// failed keys come back after a backoff of their own, delayed keys when they are due. Names and
// semantics are those of client-go's workqueue (util/workqueue): a key added while a worker has it
// comes back when that worker is done; a delayed key that is also added at once runs twice,
// because the two mean different things. Thread-safe.
//
// Two lanes: the change of one object overtakes the thousands of keys that a relist brings, as in
// controller-runtime's priority queue. One key in kBulkShare still comes from the bulk lane, so
// that nothing starves.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "operator/base/backoff.h"
#include "operator/base/clock.h"
#include "operator/base/mutex.h"

namespace profiling::kube {

enum class Lane { kLive, kBulk };

struct WorkQueueStats {
  std::size_t depth = 0;    // ready keys
  std::size_t delayed = 0;  // keys waiting for their time
  std::uint64_t adds = 0;   // additions that made a key ready, without duplicates
  std::uint64_t retries = 0;
};

class WorkQueue {
 public:
  static constexpr int kBulkShare = 8;

  explicit WorkQueue(BackoffSpec backoff = {std::chrono::milliseconds(5), std::chrono::minutes(5)},
                     const Clock& clock = Clock::real());

  // A bulk key that is added live moves to that lane.
  void add(std::string key, Lane lane = Lane::kLive);
  void addAfter(std::string key, std::chrono::milliseconds delay);  // keeps the earlier time
  void addRateLimited(std::string key);                             // the key's own backoff
  // Resets that backoff and frees its memory: call it after each success, and for keys that are
  // gone. Does not take the key out of the queue.
  void forget(const std::string& key);

  // Blocks until a key is due or `stop` is requested (nullopt, even if keys are left: the next
  // start derives them again from the cluster). The caller must call done().
  std::optional<std::string> get(const std::stop_token& stop);
  void done(const std::string& key);

  WorkQueueStats stats() const;
  // `observer` receives the time for which a key was ready before a worker took it; it runs under
  // the queue's lock. Set it before the first get().
  void onTaken(std::function<void(std::chrono::nanoseconds waited)> observer);

 private:
  struct Queued {
    Lane lane;
    SteadyTime since;
  };
  void enqueue(std::string key, Lane lane) PROFILING_REQUIRES(mutex_);
  std::string take(SteadyTime now) PROFILING_REQUIRES(mutex_);
  void schedule(std::string key, SteadyTime when) PROFILING_REQUIRES(mutex_);
  void promoteDue(SteadyTime now) PROFILING_REQUIRES(mutex_);

  const BackoffSpec backoff_spec_;
  const Clock& clock_;
  mutable Mutex mutex_;
  CondVar wake_;
  // A key that moved from bulk to live leaves its old entry behind; queued_ says which one counts.
  std::deque<std::string> live_ PROFILING_GUARDED_BY(mutex_);
  std::deque<std::string> bulk_ PROFILING_GUARDED_BY(mutex_);
  std::map<std::string, Queued> queued_ PROFILING_GUARDED_BY(mutex_);
  int live_in_a_row_ PROFILING_GUARDED_BY(mutex_) = 0;
  std::set<std::string> processing_ PROFILING_GUARDED_BY(mutex_);
  // Keys added while a worker processes them.
  std::map<std::string, Lane> again_ PROFILING_GUARDED_BY(mutex_);
  std::uint64_t adds_ PROFILING_GUARDED_BY(mutex_) = 0;
  std::uint64_t retries_ PROFILING_GUARDED_BY(mutex_) = 0;
  std::function<void(std::chrono::nanoseconds)> on_taken_ PROFILING_GUARDED_BY(mutex_);
  std::map<std::string, SteadyTime> due_ PROFILING_GUARDED_BY(mutex_);
  // The same keys, ordered by time.
  std::set<std::pair<SteadyTime, std::string>> by_time_ PROFILING_GUARDED_BY(mutex_);
  std::map<std::string, Backoff> backoffs_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::kube
