// Profiles that wait to be sent: bounded in bytes and number, the oldest give way. Thread-safe; the
// scraping threads put, the pushing thread takes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "operator/base/clock.h"
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
  void shrink();

  const BufferLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::deque<Outgoing> waiting_;  // guarded by mutex_, as all below
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool closed_ = false;
};

}  // namespace profiling::scrape
