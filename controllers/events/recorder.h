// Writes events to the API server on a thread of its own, best effort: the queue is bounded, a
// failed write is not repeated, and no caller waits for it.
#pragma once

#include <cstdint>
#include <deque>
#include <stop_token>
#include <string>
#include <thread>

#include "controllers/events/correlator.h"
#include "controllers/events/event.h"
#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

struct RecorderStats {
  std::uint64_t created = 0;
  std::uint64_t repeated = 0;
  std::uint64_t suppressed = 0;  // too many from one object
  std::uint64_t dropped = 0;     // the queue was full
  std::uint64_t failed = 0;      // the API server did not accept it
};

class EventRecorder final : public EventSink {
 public:
  // `http` and `clock` must outlive this. `instance` names this process: a pod, at most 128 bytes.
  EventRecorder(net::HttpClient& http, const std::string& instance,
                const Clock& clock = Clock::real());
  ~EventRecorder() override { stop(); }
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  void record(Event event) override;
  void start();  // once
  // Writes what is queued, until something fails or two seconds have passed. May be called again.
  void stop();
  RecorderStats stats() const;

 private:
  void run(const std::stop_token& stop);
  void write(const Event& event);
  void create(const Event& event, const EventCreate& verdict);
  void repeat(const Event& event, const EventRepeat& verdict);
  void count(std::uint64_t RecorderStats::*counter);

  kube::Client client_;
  const std::string instance_;
  const Clock& clock_;
  EventCorrelator correlator_;  // the recorder's thread only

  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<Event> queue_ PROFILING_GUARDED_BY(mutex_);
  RecorderStats stats_ PROFILING_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace profiling::controllers
