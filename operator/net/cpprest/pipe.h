// Hand-over between cpprestsdk's pool thread, which produces a response, and the thread that waits
// for it. Internal.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <cpprest/streams.h>
#include <pplx/pplxtasks.h>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/base/status.h"
#include "operator/net/http_client.h"

namespace profiling::net::cpprest {

// Thread-safe. While more than kHighWater bytes are untaken, put() returns an unfinished task and
// the producer waits, so memory is bounded however slow the consumer is.
class Pipe {
 public:
  static constexpr std::size_t kHighWater = 1u << 20;

  // ---- producer: the pool thread
  void setHead(Response head);
  pplx::task<std::size_t> put(const unsigned char* data, std::size_t size);
  void end(Status status);

  // ---- consumer
  struct Taken {
    std::optional<Response> head;  // once, when it has arrived
    std::string bytes;
    bool ended = false;  // nothing will follow; `status` is the result
    bool stopped = false;
    bool late = false;  // `until` has passed without anything new
    Status status;
  };
  Taken take(SteadyTime until, const std::stop_token& stop);
  // Makes the producer's next put fail, which ends an unwanted transfer.
  void abandon();
  // Waits for end(), at most for `time`: after giving a transfer up, the consumer lets the library
  // finish with it, so that nothing of it runs when the process ends.
  void awaitEnd(std::chrono::milliseconds time);

 private:
  Mutex mutex_;
  CondVar changed_;
  std::optional<Response> head_ PROFILING_GUARDED_BY(mutex_);
  std::string bytes_ PROFILING_GUARDED_BY(mutex_);
  bool ended_ PROFILING_GUARDED_BY(mutex_) = false;
  bool abandoned_ PROFILING_GUARDED_BY(mutex_) = false;
  Status status_ PROFILING_GUARDED_BY(mutex_);
  std::optional<pplx::task_completion_event<std::size_t>> waiting_ PROFILING_GUARDED_BY(mutex_);
  std::size_t waiting_size_ PROFILING_GUARDED_BY(mutex_) = 0;
};

// A write-only cpprestsdk stream into a pipe.
concurrency::streams::ostream pipeStream(std::shared_ptr<Pipe> pipe);

}  // namespace profiling::net::cpprest
