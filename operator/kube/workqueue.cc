#include "operator/kube/workqueue.h"

#include <algorithm>

namespace profiling::kube {
namespace {

// Upper bound of one wait, so that a stepped clock (or a fake one) is read again.
constexpr std::chrono::milliseconds kLongestWait{60'000};

}  // namespace

WorkQueue::WorkQueue(BackoffSpec backoff, const Clock& clock)
    : backoff_spec_(backoff), clock_(clock) {
}

void WorkQueue::add(std::string key, Lane lane) {
  const MutexLock lock(mutex_);
  enqueue(std::move(key), lane);
}

void WorkQueue::onTaken(std::function<void(std::chrono::nanoseconds)> observer) {
  const MutexLock lock(mutex_);
  on_taken_ = std::move(observer);
}

void WorkQueue::enqueue(std::string key, Lane lane) {
  if (processing_.contains(key)) {
    Lane& again = again_.try_emplace(std::move(key), lane).first->second;
    if (lane == Lane::kLive) again = lane;
    return;
  }
  const auto [it, fresh] = queued_.try_emplace(key, Queued{lane, clock_.steady()});
  if (!fresh) {
    if (lane == Lane::kBulk || it->second.lane == Lane::kLive) return;
    it->second.lane = lane;
  } else {
    ++adds_;
  }
  (lane == Lane::kLive ? live_ : bulk_).push_back(std::move(key));
  wake_.notifyOne();
}

// Precondition: a key is queued.
std::string WorkQueue::take(SteadyTime now) {
  for (;;) {
    const bool live = bulk_.empty() || (!live_.empty() && live_in_a_row_ < kBulkShare - 1);
    std::deque<std::string>& lane = live ? live_ : bulk_;
    std::string key = std::move(lane.front());
    lane.pop_front();
    const auto it = queued_.find(key);
    if (it == queued_.end() || it->second.lane != (live ? Lane::kLive : Lane::kBulk)) continue;
    live_in_a_row_ = live ? live_in_a_row_ + 1 : 0;
    if (on_taken_) on_taken_(now - it->second.since);
    queued_.erase(it);
    return key;
  }
}

void WorkQueue::addAfter(std::string key, std::chrono::milliseconds delay) {
  const MutexLock lock(mutex_);
  if (delay <= std::chrono::milliseconds(0)) {
    enqueue(std::move(key), Lane::kLive);
  } else {
    schedule(std::move(key), clock_.steady() + delay);
  }
}

void WorkQueue::addRateLimited(std::string key) {
  const MutexLock lock(mutex_);
  ++retries_;
  Backoff& backoff = backoffs_.try_emplace(key, backoff_spec_).first->second;
  schedule(std::move(key), clock_.steady() + backoff.next());
}

void WorkQueue::schedule(std::string key, SteadyTime when) {
  const auto [it, fresh] = due_.try_emplace(key, when);
  if (!fresh) {
    if (it->second <= when) return;
    by_time_.erase({it->second, key});
    it->second = when;
  }
  by_time_.emplace(when, std::move(key));
  // All workers: each sleeps until the time of the key that was next when it fell asleep.
  wake_.notifyAll();
}

void WorkQueue::forget(const std::string& key) {
  const MutexLock lock(mutex_);
  backoffs_.erase(key);
}

void WorkQueue::promoteDue(SteadyTime now) {
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    std::string key = std::move(by_time_.extract(by_time_.begin()).value().second);
    due_.erase(key);
    enqueue(std::move(key), Lane::kLive);
  }
}

std::optional<std::string> WorkQueue::get(const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  while (!stop.stop_requested()) {
    const SteadyTime now = clock_.steady();
    promoteDue(now);
    if (!queued_.empty()) {
      std::string key = take(now);
      processing_.insert(key);
      return key;
    }
    const SteadyTime next = by_time_.empty() ? SteadyTime::max() : by_time_.begin()->first;
    auto wait = kLongestWait;
    if (next - now < kLongestWait) {
      wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);  // earlier would spin
    }
    wake_.waitFor(mutex_, stop, wait, [this, next]() PROFILING_REQUIRES(mutex_) {
      return !queued_.empty() || (!by_time_.empty() && by_time_.begin()->first < next);
    });
  }
  return std::nullopt;
}

void WorkQueue::done(const std::string& key) {
  const MutexLock lock(mutex_);
  processing_.erase(key);
  if (auto again = again_.extract(key)) enqueue(std::move(again.key()), again.mapped());
}

WorkQueueStats WorkQueue::stats() const {
  const MutexLock lock(mutex_);
  return {queued_.size(), due_.size(), adds_, retries_};
}

}  // namespace profiling::kube
