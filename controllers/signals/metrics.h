// What pods use, from metrics.k8s.io (metrics-server, or whoever serves that API).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/status.h"
#include "operator/kube/client.h"

namespace profiling::signals {

using Time = std::chrono::system_clock::time_point;

struct PodUsage {
  std::string name;
  std::int64_t cpu_milli = 0, memory_bytes = 0;  // sums over its containers
  Time timestamp{};                              // end of the window that was measured
};

// The pods of a PodMetricsList. One whose numbers or time are missing or wrong is left out, as if
// it had not been measured; kInvalidArgument when it is no such list.
Result<std::vector<PodUsage>> parsePodMetrics(std::string_view json);

// One GET; any thread. kNotFound or kUnavailable: nobody serves the API, or not now.
Result<std::vector<PodUsage>> readPodMetrics(kube::Client& client, std::string_view namespace_,
                                             std::chrono::milliseconds deadline,
                                             const std::stop_token& stop);

}  // namespace profiling::signals
