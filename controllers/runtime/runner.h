// The workers of one controller: take a key from the queue, reconcile it, and decide when it comes
// back.
//
//   OK                  the key's backoff is reset; it comes back after requeue_after, if set
//   kInvalidArgument,   terminal: the same input fails again, so a change of an object brings the
//   kTooLarge           key back. Otherwise it comes back after five minutes, because an admission
//                       policy may have refused it, and no event reports that it was fixed. With
//                       a retryAfter() treated like any other
//   kConflict           another client wrote in between: again with backoff, logged at debug level
//   kCancelled          the process is stopping
//   kPermissionDenied   again after half a minute: an administrator has to act
//   any other           again with the key's own backoff, or after the server's Retry-After
//
// This is the only place that decides about retries. An exception of a reconciler is caught,
// counted and treated as kInternal.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/base/status.h"
#include "operator/kube/workqueue.h"

namespace profiling::controllers {

struct Outcome {
  Status status;
  std::optional<Millis> requeue_after;

  static Outcome done() { return {}; }
  static Outcome after(Millis delay) { return {Status(), delay}; }
  static Outcome failed(Status status) { return {std::move(status), std::nullopt}; }
};

// For keys that no event brings back once the cause of a refusal, perhaps an admission policy, is
// fixed: makes a terminal error one that is retried like any other.
Status retriable(const Status& status);

// Called on a worker's thread, never for the same key on two of them at once. May block on API
// calls; returns soon after `stop` is requested.
using Reconcile = std::function<Outcome(const std::string& key, const std::stop_token& stop)>;

struct RunnerStats {
  std::uint64_t success = 0;
  std::uint64_t requeue = 0;   // success that asked to come back
  std::uint64_t error = 0;     // will be retried
  std::uint64_t terminal = 0;  // will be retried only after five minutes
  std::uint64_t exception = 0;
  kube::WorkQueueStats queue;
  int workers = 0;
  int active = 0;             // workers with a key
  Millis longest_running{0};  // of the reconciles that are under way
  std::string longest_key;
  Millis unfinished{0};  // sum over those that are under way
};

// Called on workers' threads: how long a key was ready before it was taken, and how long its
// reconcile took.
struct RunnerObserver {
  std::function<void(std::chrono::nanoseconds)> waited;
  std::function<void(std::chrono::nanoseconds)> worked;
};

// start() once, from one thread; stop() may be called again. stats() from any thread.
class Runner {
 public:
  // `queue` and `clock` must outlive the runner.
  Runner(std::string name, kube::WorkQueue& queue, Reconcile reconcile, int workers = 1,
         const Clock& clock = Clock::real());
  ~Runner() { stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void observe(RunnerObserver observer);  // before start()
  void start();
  void stop();  // returns when all workers have ended
  RunnerStats stats() const;
  const std::string& name() const { return name_; }

 private:
  void work(const std::stop_token& stop);
  Outcome guarded(const std::string& key, const std::stop_token& stop);
  void settle(const std::string& key, const Outcome& outcome);
  void count(std::uint64_t RunnerStats::*counter);

  const std::string name_;
  kube::WorkQueue& queue_;
  const Reconcile reconcile_;
  const int workers_;
  const Clock& clock_;

  mutable Mutex mutex_;
  RunnerStats stats_ PROFILING_GUARDED_BY(mutex_);
  std::map<std::string, SteadyTime> running_ PROFILING_GUARDED_BY(mutex_);
  std::function<void(std::chrono::nanoseconds)> worked_;

  std::vector<std::jthread> threads_;
};

}  // namespace profiling::controllers
