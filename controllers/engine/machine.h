// The state machine of one workload. Internal to the engine; pure.
//
//   Pending → Preflight → Baselining → Stepping ⇄ Soaking → Evaluating → (next step) … → Complete
//   from any of them: Paused, RollingBack → RolledBack, Skipped
//
// Several transitions may happen in one call; the record shows the last state.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "controllers/engine/counts.h"
#include "controllers/engine/engine.h"
#include "controllers/engine/gates.h"
#include "controllers/engine/times.h"

namespace profiling::engine {

// What the workloads of a policy share. Undoing is bound by the parallel budgets and by
// maxUnavailable, but not by windows, pauses, cooldown or the failure budget.
struct Budget {
  std::int64_t slots = 0;           // more workloads whose pods may begin to be replaced
  std::vector<bool> acts;           // by workload: it has such a slot
  std::vector<std::string> probed;  // images that some workload probes
  bool frozen = false;              // the failure budget is spent
  WindowState window;
  std::optional<Time> again;
};

Change advance(const Plan& plan, const World& world, std::size_t index, bool in_turn,
               Budget& budget);

// The reason of Pending while a workload's turn has not come.
inline constexpr std::string_view kNotYet = "NotYet";
// Reasons of Preflight that are the same for all workloads of a policy, and wait without a
// deadline.
inline constexpr std::string_view kPolicyPaused = "PolicyPaused";
inline constexpr std::string_view kBudgetSpent = "FailureBudgetSpent";
inline constexpr std::string_view kOutsideWindow = "OutsideWindow";
inline constexpr std::string_view kQueued = "Queued";
inline constexpr std::array<std::string_view, 4> kPatientReasons{kPolicyPaused, kBudgetSpent,
                                                                 kOutsideWindow, kQueued};
// A reason of the state Paused that a person gave, which holds up nobody else.
inline constexpr std::string_view kPausedByUser = "PausedByUser";

// Whether the workload has failed in the sense of the failure budget: an application's own crash
// does not count.
bool failed(const Plan& plan, const api::WorkloadRollout& record);
// Whether the step of the policy need not wait for it any more.
bool settled(const Plan& plan, const api::WorkloadRollout& record);

}  // namespace profiling::engine
