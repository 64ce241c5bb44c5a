#include "operator/kube/workqueue.h"

#include <algorithm>

namespace profiling::kube {
namespace {

// Upper bound of one wait, so that a clock that is stepped (or one of a test) is looked at again.
constexpr std::chrono::milliseconds kLongestWait{60'000};

}  // namespace

WorkQueue::WorkQueue(BackoffSpec backoff, const Clock& clock)
    : backoff_spec_(backoff), clock_(clock) {
}

void WorkQueue::add(std::string key) {
  const std::scoped_lock lock(mutex_);
  enqueue(std::move(key));
}

void WorkQueue::enqueue(std::string key) {
  if (processing_.contains(key)) {
    again_.insert(std::move(key));
    return;
  }
  if (!queued_.insert(key).second) return;
  ready_.push_back(std::move(key));
  wake_.notify_one();
}

void WorkQueue::addAfter(std::string key, std::chrono::milliseconds delay) {
  const std::scoped_lock lock(mutex_);
  if (delay <= std::chrono::milliseconds(0)) {
    enqueue(std::move(key));
  } else {
    schedule(std::move(key), clock_.steady() + delay);
  }
}

void WorkQueue::addRateLimited(std::string key) {
  const std::scoped_lock lock(mutex_);
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
  // All: each sleeping worker holds the time of the key that was next when it fell asleep.
  wake_.notify_all();
}

void WorkQueue::forget(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  backoffs_.erase(key);
}

void WorkQueue::promoteDue(SteadyTime now) {
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    std::string key = std::move(by_time_.extract(by_time_.begin()).value().second);
    due_.erase(key);
    enqueue(std::move(key));
  }
}

std::optional<std::string> WorkQueue::get(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const SteadyTime now = clock_.steady();
    promoteDue(now);
    if (!ready_.empty()) {
      std::string key = std::move(ready_.front());
      ready_.pop_front();
      queued_.erase(key);
      processing_.insert(key);
      return key;
    }
    const SteadyTime next = by_time_.empty() ? SteadyTime::max() : by_time_.begin()->first;
    auto wait = kLongestWait;
    if (next - now < kLongestWait) {
      wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);  // earlier would spin
    }
    wake_.wait_for(lock, stop, wait, [&] {
      return !ready_.empty() || (!by_time_.empty() && by_time_.begin()->first < next);
    });
  }
  return std::nullopt;
}

void WorkQueue::done(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  processing_.erase(key);
  if (auto again = again_.extract(key)) enqueue(std::move(again.value()));
}

std::size_t WorkQueue::depth() const {
  const std::scoped_lock lock(mutex_);
  return ready_.size();
}

std::size_t WorkQueue::delayed() const {
  const std::scoped_lock lock(mutex_);
  return due_.size();
}

}  // namespace profiling::kube
