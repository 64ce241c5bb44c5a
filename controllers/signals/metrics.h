// Pod usage from metrics.k8s.io (metrics-server or another implementation).
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

// The pods of a PodMetricsList. A pod with missing or wrong numbers or time is left out, as if it
// had not been measured; kInvalidArgument if the JSON is not such a list.
Result<std::vector<PodUsage>> parsePodMetrics(std::string_view json);

// One GET; any thread. kNotFound or kUnavailable: the API is not served, or not now.
Result<std::vector<PodUsage>> readPodMetrics(kube::Client& client, std::string_view namespace_,
                                             std::chrono::milliseconds deadline,
                                             const std::stop_token& stop);

}  // namespace profiling::signals
