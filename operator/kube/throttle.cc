#include "operator/kube/throttle.h"

#include <algorithm>
#include <cmath>

#include "operator/base/stop.h"
#include "operator/kube/client.h"

namespace profiling::kube {

Throttle::Throttle(ThrottleSpec spec, SteadyTime now)
    : spec_(spec), tokens_(spec.burst), filled_at_(now), paused_until_(now) {
}

Millis Throttle::reserve(SteadyTime now) {
  const double passed = std::chrono::duration<double>(now - filled_at_).count();
  tokens_ = std::min<double>(spec_.burst, tokens_ + passed * spec_.per_second);
  filled_at_ = now;
  tokens_ -= 1;
  Millis wait{0};
  if (tokens_ < 0) wait = Millis(std::llround(std::ceil(-tokens_ / spec_.per_second * 1'000)));
  if (paused_until_ > now) {
    wait = std::max(wait, std::chrono::ceil<Millis>(paused_until_ - now));
  }
  return wait;
}

void Throttle::giveBack() {
  tokens_ += 1;
}

void Throttle::pause(Millis asked, SteadyTime now) {
  const Millis length =
      std::min(asked.count() > 0 ? asked : spec_.default_pause, spec_.longest_pause);
  paused_until_ = std::max(paused_until_, now + length);
}

ThrottledClient::ThrottledClient(net::HttpClient& next, ThrottleSpec spec, const Clock& clock)
    : next_(next), clock_(clock), throttle_(spec, clock.steady()) {
}

Result<net::Response> ThrottledClient::send(const net::Request& request, Millis deadline,
                                            const std::stop_token& stop) {
  Millis wait{0};
  {
    const MutexLock lock(mutex_);
    wait = throttle_.reserve(clock_.steady());
    if (wait >= deadline) {
      throttle_.giveBack();
      return Status(Code::kRateLimited,
                    "the API server asked for a pause, or the client-side rate limit is reached")
          .withRetryAfter(std::chrono::ceil<std::chrono::seconds>(wait));
    }
  }
  if (wait.count() > 0 && !sleepFor(stop, wait)) return Status(Code::kCancelled, "stopping");
  Result<net::Response> answer = next_.send(request, deadline - wait, stop);
  if (!answer.ok()) return answer;
  if (answer->status == 429 || (answer->status == 503 && !answer->retry_after.empty())) {
    const auto asked = statusOf(*answer).retryAfter().value_or(std::chrono::seconds(0));
    const MutexLock lock(mutex_);
    throttle_.pause(asked, clock_.steady());
  }
  return answer;
}

Result<net::Response> ThrottledClient::stream(const net::Request& request,
                                              const net::ByteSink& sink,
                                              const net::StreamLimits& limits,
                                              const std::stop_token& stop) {
  return next_.stream(request, sink, limits, stop);
}

}  // namespace profiling::kube
