#include "controllers/runtime/runner.h"

#include <algorithm>
#include <exception>

#include "operator/base/log.h"

namespace profiling::controllers {
namespace {

constexpr Millis kPermissionRetry = std::chrono::seconds(30);
constexpr Millis kRefusalRetry = std::chrono::minutes(5);

bool isTerminal(const Status& status) {
  return (status.code() == Code::kInvalidArgument || status.code() == Code::kTooLarge) &&
         !status.retryAfter();
}

}  // namespace

Status retriable(const Status& status) {
  const bool final = status.code() == Code::kInvalidArgument || status.code() == Code::kTooLarge;
  return final ? Status(Code::kInternal, status.message()) : status;
}

Runner::Runner(std::string name, kube::WorkQueue& queue, Reconcile reconcile, int workers,
               const Clock& clock)
    : name_(std::move(name)),
      queue_(queue),
      reconcile_(std::move(reconcile)),
      workers_(std::max(workers, 1)),
      clock_(clock) {
}

void Runner::observe(RunnerObserver observer) {
  queue_.onTaken(std::move(observer.waited));
  worked_ = std::move(observer.worked);
}

void Runner::start() {
  for (int i = 0; i < workers_; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

void Runner::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

RunnerStats Runner::stats() const {
  RunnerStats stats;
  {
    const MutexLock lock(mutex_);
    stats = stats_;
    stats.active = static_cast<int>(running_.size());
    const SteadyTime now = clock_.steady();
    for (const auto& [key, since] : running_) {
      const auto age = std::chrono::duration_cast<Millis>(now - since);
      stats.unfinished += age;
      if (age < stats.longest_running || age.count() == 0) continue;
      stats.longest_running = age;
      stats.longest_key = key;
    }
  }
  stats.workers = workers_;
  stats.queue = queue_.stats();
  return stats;
}

void Runner::work(const std::stop_token& stop) {
  while (const auto key = queue_.get(stop)) {
    const SteadyTime begin = clock_.steady();
    {
      const MutexLock lock(mutex_);
      running_[*key] = begin;
    }
    const Outcome outcome = guarded(*key, stop);
    {
      const MutexLock lock(mutex_);
      running_.erase(*key);
    }
    if (worked_) worked_(clock_.steady() - begin);
    settle(*key, outcome);
    queue_.done(*key);
  }
}

Outcome Runner::guarded(const std::string& key, const std::stop_token& stop) {
  const auto threw = [&](const char* what) {
    count(&RunnerStats::exception);
    log::error("Reconcile threw", {{"controller", name_}, {"key", key}, {"reason", what}});
    return Outcome::failed(Status(Code::kInternal, what));
  };
  try {
    return reconcile_(key, stop);
  } catch (const std::exception& e) {
    return threw(e.what());
  } catch (...) {
    return threw("unknown exception");
  }
}

void Runner::settle(const std::string& key, const Outcome& outcome) {
  const Status& status = outcome.status;
  if (status.ok()) {
    queue_.forget(key);
    if (outcome.requeue_after) queue_.addAfter(key, *outcome.requeue_after);
    count(outcome.requeue_after ? &RunnerStats::requeue : &RunnerStats::success);
    return;
  }
  if (status.code() == Code::kCancelled) return;
  if (isTerminal(status)) {
    queue_.forget(key);
    queue_.addAfter(key, kRefusalRetry);
    count(&RunnerStats::terminal);
    log::error("Reconcile was refused",
               {{"controller", name_}, {"key", key}, {"reason", status.toString()}});
    return;
  }
  count(&RunnerStats::error);
  const bool usual = status.code() == Code::kConflict;
  log::write(usual ? log::Level::kDebug : log::Level::kWarn, "Reconcile will be retried",
             {{"controller", name_}, {"key", key}, {"reason", status.toString()}});
  if (const auto wait = status.retryAfter()) {
    queue_.addAfter(key, *wait);
  } else if (status.code() == Code::kPermissionDenied) {
    queue_.addAfter(key, kPermissionRetry);
  } else {
    queue_.addRateLimited(key);
  }
}

void Runner::count(std::uint64_t RunnerStats::*counter) {
  const MutexLock lock(mutex_);
  ++(stats_.*counter);
}

}  // namespace profiling::controllers
