// Profiles to be sent, bounded in bytes and number; the oldest are dropped first. Thread-safe; the
// scraping threads put, the pushing thread takes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

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
  // Puts one back at the front after a failed attempt. It is the oldest, so it is dropped first.
  void restore(Outgoing profile);

  // Waits for a profile, close() or `deadline`; returns whether there is a profile.
  bool wait(SteadyTime deadline);
  // Takes the oldest, if there is one.
  std::optional<Outgoing> take();

  // Ends all waits; buffered profiles can still be taken.
  void close();
  bool closed() const;
  std::size_t size() const;
  std::uint64_t dropped() const;  // profiles dropped since the start

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
