#include "operator/kube/server_clock.h"

#include <algorithm>

#include "operator/base/time_text.h"

namespace profiling::kube {
namespace {

// An answer that took longer says too little.
constexpr Millis kLongestTrip{5'000};

Millis toMillis(auto duration) {
  return std::chrono::duration_cast<Millis>(duration);
}

}  // namespace

ServerClock::ServerClock(const Clock& local)
    : local_(local), start_(local.wall()), steady_start_(local.steady()) {
}

WallTime ServerClock::localAt(SteadyTime t) const {
  return start_ + std::chrono::duration_cast<WallTime::duration>(t - steady_start_);
}

Millis ServerClock::ahead() const {
  const MutexLock lock(mutex_);
  if (!ahead_ || (ahead_->least <= Millis(0) && ahead_->most >= Millis(0))) return Millis(0);
  return (ahead_->least + ahead_->most) / 2;
}

void ServerClock::observe(std::string_view date, SteadyTime sent, SteadyTime received) {
  const auto server = parseHttpDate(date);
  if (!server || received < sent || received - sent > kLongestTrip) return;
  // The server wrote the date in between, and cut it to whole seconds.
  Bounds seen{toMillis(*server - localAt(received)),
              toMillis(*server + std::chrono::seconds(1) - localAt(sent))};
  const MutexLock lock(mutex_);
  if (ahead_) {
    const Bounds both{std::max(ahead_->least, seen.least), std::min(ahead_->most, seen.most)};
    // Else a clock was set, drifted, or another API server has answered.
    if (both.least <= both.most) seen = both;
  }
  ahead_ = seen;
}

Result<net::Response> DatedClient::send(const net::Request& request, Millis deadline,
                                        const std::stop_token& stop) {
  const SteadyTime sent = clock_.steady();
  auto answer = next_.send(request, deadline, stop);
  if (answer.ok()) clock_.observe(answer->date, sent, clock_.steady());
  return answer;
}

// The head comes at the end of a stream, so its date is of no use.
Result<net::Response> DatedClient::stream(const net::Request& request, const net::ByteSink& sink,
                                          const net::StreamLimits& limits,
                                          const std::stop_token& stop) {
  return next_.stream(request, sink, limits, stop);
}

}  // namespace profiling::kube
