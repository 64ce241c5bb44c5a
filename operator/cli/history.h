// `rollout history`: the results of earlier revisions. Pure.
#pragma once

#include "operator/cli/model.h"
#include "operator/cli/status_view.h"
#include "operator/cli/table.h"

namespace profiling::cli {

// Newest first across all workloads.
Table historyTable(const Workloads& workloads, bool namespaces, WallTime now);
nlohmann::json historyJson(const Workloads& workloads);

}  // namespace profiling::cli
