// Why a storage server should get no more agents now: what its own metrics say about profiles that
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

// Sums of the counters that tell of pressure. Keys are made readable and bounded in number.
struct PressureCounters {
  std::map<std::string, double> discarded;  // samples, by reason
  std::map<std::string, double> refused;    // pushes answered with 429 or 5xx, by status
  double failed_uploads = 0;                // to the bucket
};

// Of the Prometheus text format. kInvalidArgument for what is none, or breaks off: a part of the
// counters would look like a server that restarted.
Result<PressureCounters> parsePressure(std::string_view metrics_text);

// What has gone up since, in words; empty: nothing. A counter that is lower than before began anew,
// so all of it has gone up.
std::string pressureBetween(const PressureCounters& before, const PressureCounters& after);

// GET /metrics of the server.
Result<PressureCounters> readPressure(net::QueryClient& client, const ServerRef& server,
                                      const AddressOverrides& overrides,
                                      std::chrono::milliseconds deadline,
                                      const std::stop_token& stop);

}  // namespace profiling::signals
