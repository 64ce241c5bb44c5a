// Profiles that wait to be sent: bounded in bytes and number, the oldest give way. Thread-safe; the
// scraping threads put, the pushing thread takes.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "webhooks/agents/scrape/push_request.h"

namespace profiling::scrape {

struct BufferLimits {
  std::size_t bytes = 2 * 1024 * 1024;
  std::size_t count = 100;
};

class Buffer {
 public:
  explicit Buffer(BufferLimits limits) : limits_(limits) {}

  void put(Outgoing profile);
  // Back to the front, in their order, after an attempt that failed. They are the oldest, so they
  // are what gives way when there is no room.
  void restore(std::vector<Outgoing> profiles);

  // Waits until there is something, until close(), or until `deadline`; whether there is something.
  bool wait(SteadyTime deadline);
  // What is there, at most `count` and `bytes`, but at least one profile if there is one.
  std::vector<Outgoing> take(std::size_t count, std::size_t bytes);

  // Nobody waits any more; what is there may still be taken.
  void close();
  bool closed() const;
  std::size_t size() const;
  std::uint64_t dropped() const;  // profiles that had to give way, ever

 private:
  void shrink() PROFILING_REQUIRES(mutex_);

  const BufferLimits limits_;
  mutable Mutex mutex_;
  CondVar news_;
  std::deque<Outgoing> waiting_ PROFILING_GUARDED_BY(mutex_);
  std::size_t bytes_ PROFILING_GUARDED_BY(mutex_) = 0;
  std::uint64_t dropped_ PROFILING_GUARDED_BY(mutex_) = 0;
  bool closed_ PROFILING_GUARDED_BY(mutex_) = false;
};

}  // namespace profiling::scrape
