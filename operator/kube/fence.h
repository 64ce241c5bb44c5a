// Keeps a process that is no longer the leader from writing: an HttpClient in front of another that
// passes reads on and sends a write only while leadership lasts.
//
// From our side a write ends before leadership can: its deadline is cut to the time left. What the
// server does with it later is bounded by the write's preconditions. A stop request does not abort
// a write in flight (its outcome would be unknown, and the lease is released after the last write);
// new writes are refused.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>

#include "operator/base/clock.h"
#include "operator/net/http_client.h"

namespace profiling::kube {

// Until when this process may write; nullopt: not at all. Thread-safe.
class Fence {
 public:
  virtual ~Fence() = default;
  virtual std::optional<SteadyTime> heldUntil() const = 0;
};

class FencedClient final : public net::HttpClient {
 public:
  // All must outlive this. `longest_write` also bounds how long a stop may take.
  FencedClient(net::HttpClient& next, const Fence& fence, const Clock& clock = Clock::real(),
               Millis longest_write = Millis(10'000));

  // A refused write is kCancelled.
  Result<net::Response> send(const net::Request& request, Millis deadline,
                             const std::stop_token& stop) override;
  Result<net::Response> stream(const net::Request& request, const net::ByteSink& sink,
                               const net::StreamLimits& limits,
                               const std::stop_token& stop) override;

 private:
  net::HttpClient& next_;
  const Fence& fence_;
  const Clock& clock_;
  const Millis longest_write_;
};

}  // namespace profiling::kube
