// The API server's clock, as the Date of its answers shows it. Objects carry times of the API server
// (creationTimestamp), and the clock of this process may be minutes away from it.
#pragma once

#include <optional>
#include <stop_token>
#include <string_view>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/net/http_client.h"

namespace profiling::kube {

// wall() is the API server's time, right to about a second, and follows no change of the local wall
// clock. Before the first answer it is the local time. Thread-safe.
class ServerClock final : public Clock {
 public:
  // `local` must outlive this.
  explicit ServerClock(const Clock& local = Clock::real());

  SteadyTime steady() const override { return local_.steady(); }
  WallTime wall() const override { return localAt(local_.steady()) + ahead(); }
  // What the API server's clock is ahead of the local one; 0 while that is not known.
  Millis ahead() const;

  // The Date header (RFC 9110 6.6.1, whole seconds) of an answer, and when the request was sent and
  // the answer received. Anything else is ignored.
  void observe(std::string_view date, SteadyTime sent, SteadyTime received);

 private:
  // Bounds of what the API server's clock is ahead of the local one.
  struct Bounds {
    Millis least, most;
  };
  WallTime localAt(SteadyTime t) const;

  const Clock& local_;
  const WallTime start_;
  const SteadyTime steady_start_;
  mutable Mutex mutex_;
  std::optional<Bounds> ahead_ PROFILING_GUARDED_BY(mutex_);
};

// Passes requests on and shows the clock the answers. Both must outlive this.
class DatedClient final : public net::HttpClient {
 public:
  DatedClient(net::HttpClient& next, ServerClock& clock) : next_(next), clock_(clock) {}

  Result<net::Response> send(const net::Request& request, Millis deadline,
                             const std::stop_token& stop) override;
  Result<net::Response> stream(const net::Request& request, const net::ByteSink& sink,
                               const net::StreamLimits& limits,
                               const std::stop_token& stop) override;

 private:
  net::HttpClient& next_;
  ServerClock& clock_;
};

}  // namespace profiling::kube
