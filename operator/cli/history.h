// `rollout history`: what became of earlier revisions, from the records. Pure.
#pragma once

#include "operator/cli/model.h"
#include "operator/cli/status_view.h"
#include "operator/cli/table.h"

namespace profiling::cli {

// Newest first, of all the workloads together.
Table historyTable(const Workloads& workloads, bool namespaces, WallTime now);
nlohmann::json historyJson(const Workloads& workloads);

}  // namespace profiling::cli
