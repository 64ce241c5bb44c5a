#include "controllers/signals/lanes.h"

#include <algorithm>
#include <utility>

namespace profiling::signals {
namespace {

constexpr std::size_t kRememberedLanes = 1'000;

}  // namespace

void Lanes::start() {
  const MutexLock lock(mutex_);
  running_ = !stopped_;
  for (std::size_t i = 0; i < lanes_.size(); ++i) spawn();
}

void Lanes::stop() {
  std::vector<std::jthread> threads;
  {
    const MutexLock lock(mutex_);
    running_ = false;
    stopped_ = true;
    threads = std::exchange(threads_, {});
  }
  for (std::jthread& thread : threads) thread.request_stop();
  threads.clear();  // joins
}

void Lanes::add(const std::string& lane, Task task) {
  const MutexLock lock(mutex_);
  if (stopped_) return;
  lanes_[lane].tasks.push_back(std::move(task));
  ++waiting_;
  spawn();
  wake_.notifyOne();
}

bool Lanes::empty() const {
  const MutexLock lock(mutex_);
  return waiting_ == 0 && busy_ == 0;
}

// Starts a thread when more tasks wait than threads do.
void Lanes::spawn() {
  if (!running_ || waiting_ <= idle_ || threads_.size() >= most_threads_) return;
  ++idle_;
  threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

Lanes::Entry Lanes::next() {
  auto slow = lanes_.end();
  for (auto it = lanes_.begin(); it != lanes_.end(); ++it) {
    if (it->second.busy || it->second.tasks.empty()) continue;
    if (!it->second.slow) return it;
    if (slow == lanes_.end()) slow = it;
  }
  return slow_busy_ < std::max<std::size_t>(most_threads_ / 2, 1) ? slow : lanes_.end();
}

void Lanes::done(Entry lane, Millis took) {
  --busy_;
  if (lane->second.slow) --slow_busy_;
  lane->second.busy = false;
  lane->second.slow = took > slow_;
  const bool keep = lane->second.slow && lanes_.size() <= kRememberedLanes;
  if (lane->second.tasks.empty() && !keep) lanes_.erase(lane);
}

void Lanes::work(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  for (;;) {
    auto lane = lanes_.end();
    const bool found = wake_.wait(mutex_, stop, [&]() PROFILING_REQUIRES(mutex_) {
      lane = next();
      return lane != lanes_.end();
    });
    if (!found || stop.stop_requested()) return;
    --idle_;
    --waiting_;
    ++busy_;
    if (lane->second.slow) ++slow_busy_;
    lane->second.busy = true;
    const Task task = std::move(lane->second.tasks.front());
    lane->second.tasks.pop_front();
    lock.unlock();
    const auto began = std::chrono::steady_clock::now();
    task(stop);
    const auto took = std::chrono::steady_clock::now() - began;
    lock.lock();
    done(lane, std::chrono::duration_cast<Millis>(took));
    ++idle_;
    // The lane's own next task, or a slow one that had to wait.
    wake_.notifyOne();
  }
}

}  // namespace profiling::signals
