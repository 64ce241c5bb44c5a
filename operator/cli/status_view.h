// `rollout status`: a policy's rollout and its workloads as text. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "operator/cli/model.h"
#include "operator/cli/table.h"

namespace profiling::cli {

using WallTime = std::chrono::system_clock::time_point;

// Workloads that need attention first (Paused, RollingBack, RolledBack), then those in progress,
// waiting and done; by namespace, kind and name within each group.
void sortByUrgency(Workloads& workloads);

// "Phase: …", "Step: …" and so on.
std::vector<std::string> headOf(const Policy& policy, const Style& style);

struct WorkloadColumns {
  bool namespaces = false;
  bool wide = false;  // with revisions, overhead, attribution and message
};
Table workloadTable(const Workloads& workloads, const WorkloadColumns& columns, WallTime now,
                    const Style& style);

// Head and table.
std::vector<std::string> statusLines(const Policy& policy, const Workloads& workloads, bool wide,
                                     WallTime now, const Style& style);

// One row per policy.
Table policyTable(const std::vector<Policy>& policies, bool namespaces, const Style& style);

// Without ages and alignment: for a log that prints a line only when it changes.
std::string policyLine(const Policy& policy);
std::string workloadLine(const api::WorkloadProfile& workload, bool namespaces);

// The result of the rollout: 0 done, 1 failed; nullopt if it is in progress or the status is stale.
std::optional<int> outcome(const Policy& policy, WallTime now);

}  // namespace profiling::cli
