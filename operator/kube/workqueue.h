// A queue of keys to reconcile: duplicates fold into one, a key never runs on two workers at once,
// failed keys come back after a backoff of their own, delayed keys when they are due. Names and
// semantics are those of client-go's workqueue (util/workqueue): a key added while a worker has it
// comes back when that worker is done; a delayed key that is also added at once runs twice, for the
// two mean different things. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "operator/base/backoff.h"
#include "operator/base/clock.h"

namespace profiling::kube {

class WorkQueue {
 public:
  explicit WorkQueue(BackoffSpec backoff = {std::chrono::milliseconds(5), std::chrono::minutes(5)},
                     const Clock& clock = Clock::real());

  void add(std::string key);
  void addAfter(std::string key, std::chrono::milliseconds delay);  // keeps the earlier time
  void addRateLimited(std::string key);                             // the key's own backoff
  // Resets that backoff and frees its memory: call it after each success, and for keys that are
  // gone. Does not take the key out of the queue.
  void forget(const std::string& key);

  // Blocks until a key is due or `stop` is requested (nullopt, even when keys are left: they are
  // worked out again from the cluster at the next start). The caller must call done().
  std::optional<std::string> get(const std::stop_token& stop);
  void done(const std::string& key);

  std::size_t depth() const;    // ready keys
  std::size_t delayed() const;  // keys waiting for their time

 private:
  // All under mutex_.
  void enqueue(std::string key);
  void schedule(std::string key, SteadyTime when);
  void promoteDue(SteadyTime now);

  const BackoffSpec backoff_spec_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<std::string> ready_;
  std::set<std::string> queued_;  // in ready_
  std::set<std::string> processing_;
  std::set<std::string> again_;  // added while processing
  std::map<std::string, SteadyTime> due_;
  std::set<std::pair<SteadyTime, std::string>> by_time_;  // the same, ordered by time
  std::map<std::string, Backoff> backoffs_;
};

}  // namespace profiling::kube
