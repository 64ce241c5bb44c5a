#include "operator/app/server_limits.h"

#include <algorithm>

namespace profiling::app {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kPerConnection = 112 << 10;  // measured: OpenSSL, its buffers, and ours

}  // namespace

net::ServerLimits webhookLimits(std::optional<std::uint64_t> memory) {
  const std::uint64_t bytes = memory.value_or(kAssumedMemory);
  net::ServerLimits limits;
  limits.connections = std::clamp<std::uint64_t>(bytes / 4 / kPerConnection, 64, 1'024);
  limits.connections_per_peer = limits.connections / 4 * 3;
  // A peer's half holds at least the largest review.
  limits.bodies_in_memory = std::clamp<std::uint64_t>(bytes / 6, 8 * kMiB, 256 * kMiB);
  return limits;
}

net::ServerLimits healthLimits() {
  using std::chrono::seconds;
  net::ServerLimits limits;
  limits.body = 1'024;
  limits.header = limits.body_read = seconds(2);
  limits.write = limits.idle = seconds(5);
  limits.connections = 64;
  limits.connections_per_peer = 16;
  limits.handshakes_per_second = 0;
  limits.bodies_in_memory = 64 * 1'024;
  return limits;
}

}  // namespace profiling::app
