#include "operator/kube/fence.h"

#include <algorithm>

namespace profiling::kube {

FencedClient::FencedClient(net::HttpClient& next, const Fence& fence, const Clock& clock,
                           Millis longest_write)
    : next_(next), fence_(fence), clock_(clock), longest_write_(longest_write) {
}

Result<net::Response> FencedClient::send(const net::Request& request, Millis deadline,
                                         const std::stop_token& stop) {
  if (request.method == net::Method::kGet) return next_.send(request, deadline, stop);
  if (stop.stop_requested()) return Status(Code::kCancelled, "stopping: nothing more is written");
  const auto until = fence_.heldUntil();
  const SteadyTime now = clock_.steady();
  if (!until || now >= *until) {
    return Status(Code::kCancelled, "not the leader: nothing is written");
  }
  const auto left = std::chrono::duration_cast<Millis>(*until - now);
  return next_.send(request, std::max(Millis(1), std::min({deadline, longest_write_, left})), {});
}

Result<net::Response> FencedClient::stream(const net::Request& request, const net::ByteSink& sink,
                                           const net::StreamLimits& limits,
                                           const std::stop_token& stop) {
  return next_.stream(request, sink, limits, stop);
}

}  // namespace profiling::kube
