// `rollout status`: a policy's rollout and its workloads, as lines for people. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "operator/cli/model.h"
#include "operator/cli/table.h"

namespace profiling::cli {

using WallTime = std::chrono::system_clock::time_point;

// What needs a person first (Paused, RollingBack, RolledBack), then what is under way, then what
// waits, then what is done; by namespace, kind and name within.
void sortForPeople(Workloads& workloads);

// "Phase: …", "Step: …" and so on.
std::vector<std::string> headOf(const Policy& policy, const Style& style);

struct WorkloadColumns {
  bool namespaces = false;
  bool wide = false;  // revisions, overhead, attribution and message, too
};
Table workloadTable(const Workloads& workloads, const WorkloadColumns& columns, WallTime now,
                    const Style& style);

// Head and table together.
std::vector<std::string> statusLines(const Policy& policy, const Workloads& workloads, bool wide,
                                     WallTime now, const Style& style);

// One line for each policy.
Table policyTable(const std::vector<Policy>& policies, bool namespaces, const Style& style);

// Without ages and alignment: for a log, where a line is written when it has changed.
std::string policyLine(const Policy& policy);
std::string workloadLine(const api::WorkloadProfile& workload, bool namespaces);

// Whether waiting for the rollout is over: 0 done, 1 failed; nullopt: it goes on, or the status is
// of before the last change.
std::optional<int> outcome(const Policy& policy, WallTime now);

}  // namespace profiling::cli
