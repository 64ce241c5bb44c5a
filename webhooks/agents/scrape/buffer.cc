#include "webhooks/agents/scrape/buffer.h"

#include <utility>

namespace profiling::scrape {

void Buffer::put(Outgoing profile) {
  const MutexLock lock(mutex_);
  bytes_ += profile.pprof.size();
  waiting_.push_back(std::move(profile));
  shrink();
  news_.notifyOne();
}

void Buffer::restore(Outgoing profile) {
  const MutexLock lock(mutex_);
  bytes_ += profile.pprof.size();
  waiting_.push_front(std::move(profile));
  shrink();
}

void Buffer::shrink() {
  while (!waiting_.empty() && (bytes_ > limits_.bytes || waiting_.size() > limits_.count)) {
    bytes_ -= waiting_.front().pprof.size();
    waiting_.pop_front();
    ++dropped_;
  }
}

bool Buffer::wait(SteadyTime deadline) {
  const MutexLock lock(mutex_);
  while (!closed_ && waiting_.empty() && news_.waitUntil(mutex_, deadline)) {
  }
  return !waiting_.empty();
}

std::optional<Outgoing> Buffer::take() {
  const MutexLock lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  Outgoing taken = std::move(waiting_.front());
  bytes_ -= taken.pprof.size();
  waiting_.pop_front();
  return taken;
}

void Buffer::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  news_.notifyAll();
}

bool Buffer::closed() const {
  const MutexLock lock(mutex_);
  return closed_;
}

std::size_t Buffer::size() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

std::uint64_t Buffer::dropped() const {
  const MutexLock lock(mutex_);
  return dropped_;
}

}  // namespace profiling::scrape
