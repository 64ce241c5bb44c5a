// The limits of the two listeners of a process.
#pragma once

#include <cstdint>
#include <optional>

#include "operator/net/http_server.h"

namespace profiling::app {

// Assumed for a process without a limit: the chart's.
inline constexpr std::uint64_t kAssumedMemory = 256 << 20;

// Connections may take a quarter of the process's memory limit and bodies a sixth. The rest is for
// the stores and for the one large body that is parsed at a time (41 MiB).
net::ServerLimits webhookLimits(std::optional<std::uint64_t> memory);

// Probes and scrapes are short and few. A peer may have a quarter of the connections.
net::ServerLimits healthLimits();

}  // namespace profiling::app
