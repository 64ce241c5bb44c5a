// The state machine of one workload. Internal to the engine; pure.
//
//   Pending → Preflight → Baselining → Stepping ⇄ Soaking → Evaluating → (next step) … → Complete
//   from any of them: Paused, RollingBack → RolledBack, Skipped
//
// Several transitions may happen in one call; the record shows the last state.
#pragma once

#include <vector>

#include "controllers/engine/counts.h"
#include "controllers/engine/engine.h"
#include "controllers/engine/gates.h"
#include "controllers/engine/times.h"

namespace profiling::engine {

// What the workloads of a policy share. Undoing obeys the parallel budgets and maxUnavailable, but
// not windows, pauses, cooldown or the failure budget.
struct Budget {
  std::int64_t slots = 0;           // more workloads whose pods may begin to be replaced
  std::vector<bool> acts;           // by workload: it has such a slot
  std::vector<std::string> probed;  // images that some workload probes
  bool frozen = false;              // the failure budget is spent
  // Over all workloads: replacements that changed nothing, the last of them, workloads whose first
  // ones are awaited, and workloads whose last ones did what they should.
  std::int64_t fruitless = 0, awaited = 0, proven = 0;
  Time last_fruitless{};
  WindowState window;
  std::optional<Time> again;
};

Change advance(const Plan& plan, const World& world, std::size_t index, bool in_turn,
               Budget& budget);

// How long a workload waits after so many replacements in a row that changed nothing.
Duration pauseAfter(const Plan& plan, std::int64_t fruitless);
// Whether the workload has failed in the sense of the failure budget: an application's own crash
// does not count.
bool failed(const Plan& plan, const api::WorkloadRollout& record);
// Whether the policy's step no longer waits for the workload.
bool concluded(const Plan& plan, const api::WorkloadRollout& record);

// Whether the workload needs nothing, whatever the details of its pods: it is steady and complete,
// or steady and waiting for its owner under a plan that restarts nothing.
bool settled(const Plan& plan, const Workload& workload);
// Whether the workload waits for its turn or for an obstacle without a deadline, and only the end
// of that wait can change anything.
bool queuedForTurn(const Plan& plan, const Workload& workload);

}  // namespace profiling::engine
