// Why a storage server should get no more agents now, read from its own metrics: the profiles that
// it refused or lost between two reads.
#pragma once

#include <chrono>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "controllers/signals/arrival.h"
#include "operator/net/query_client.h"

namespace profiling::signals {

// Sums of the counters that indicate pressure. Keys are readable and limited in number.
struct PressureCounters {
  std::map<std::string, double> discarded;  // samples, by reason
  std::map<std::string, double> refused;    // pushes answered with 429 or 5xx, by status
  double failed_uploads = 0;                // to the bucket
};

// Parses the Prometheus text format. kInvalidArgument for other or truncated text: partial counters
// would look like a restarted server.
Result<PressureCounters> parsePressure(std::string_view metrics_text);

// The counters that rose between the two reads, as text; empty: none. A counter lower than before
// was reset, so its whole value counts.
std::string pressureBetween(const PressureCounters& before, const PressureCounters& after);

// GET /metrics of the server.
Result<PressureCounters> readPressure(net::QueryClient& client, const ServerRef& server,
                                      const AddressOverrides& overrides,
                                      std::chrono::milliseconds deadline,
                                      const std::stop_token& stop);

}  // namespace profiling::signals
