// Client-side rate limiting: an HttpClient in front of another that bounds the requests a second
// and sends none while the server asks for a pause.
//
// The server sheds load by priority and fairness, so normally the limit only stops our own bugs (a
// hot loop). After a 429, or a 503 with Retry-After, *every* request waits, not only the refused
// one, because the others would be refused as well. Streams pass; their reflectors back off
// themselves.
#pragma once

#include <stop_token>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/net/http_client.h"

namespace profiling::kube {

struct ThrottleSpec {
  double per_second = 50;
  int burst = 100;
  Millis default_pause{1'000};   // after a 429 that names no time
  Millis longest_pause{60'000};  // whatever the server asks for
};

// Computes when the next request may be sent: a token bucket and a pause. Not thread-safe.
class Throttle {
 public:
  Throttle(ThrottleSpec spec, SteadyTime now);

  // How long to wait from `now` on; takes the token.
  Millis reserve(SteadyTime now);
  void giveBack();                           // the last reserved request is not sent after all
  void pause(Millis asked, SteadyTime now);  // 0: the server named no time

 private:
  const ThrottleSpec spec_;
  double tokens_;  // below 0: reserved by requests that wait
  SteadyTime filled_at_;
  SteadyTime paused_until_;
};

class ThrottledClient final : public net::HttpClient {
 public:
  // Both must outlive this.
  explicit ThrottledClient(net::HttpClient& next, ThrottleSpec spec = {},
                           const Clock& clock = Clock::real());

  // kRateLimited, with the time left as retryAfter(), when `deadline` would pass while waiting:
  // nothing is sent then.
  Result<net::Response> send(const net::Request& request, Millis deadline,
                             const std::stop_token& stop) override;
  Result<net::Response> stream(const net::Request& request, const net::ByteSink& sink,
                               const net::StreamLimits& limits,
                               const std::stop_token& stop) override;

 private:
  net::HttpClient& next_;
  const Clock& clock_;
  Mutex mutex_;
  Throttle throttle_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::kube
