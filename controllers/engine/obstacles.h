// The obstacles that stop all workloads of a policy, in the order in which a workload reports them.
// Internal to the engine; pure.
#pragma once

#include <array>
#include <string_view>

#include "controllers/engine/machine.h"

namespace profiling::engine {

struct PolicyWideObstacle {
  enum class Stops {
    kAllMoves,      // also those that replace no pod
    kReplacements,  // no pod is replaced
    kNewSlots,      // of a workload that holds no slot yet
  } stops = Stops::kAllMoves;
  bool deadline = true;  // the wait ends at rollout.progressDeadline
  api::RolloutReason reason{};
  std::string_view message;
  bool (*applies)(const Plan& plan, const World& world, const Budget& budget) = nullptr;
};

inline constexpr std::array<PolicyWideObstacle, 7> kPolicyWideObstacles{{
    {PolicyWideObstacle::Stops::kAllMoves, true, api::RolloutReason::kServerUnavailable,
     "there is no storage server to send profiles to",
     [](const Plan& plan, const World&, const Budget&) { return !plan.available; }},
    {PolicyWideObstacle::Stops::kAllMoves, false, api::RolloutReason::kPolicyPaused,
     "rollout.paused of the policy is true",
     [](const Plan& plan, const World&, const Budget&) { return plan.paused; }},
    {PolicyWideObstacle::Stops::kAllMoves, false, api::RolloutReason::kFailureBudgetSpent,
     "too many workloads have failed",
     [](const Plan& plan, const World&, const Budget& budget) {
       return budget.frozen && !plan.immediate();
     }},
    {PolicyWideObstacle::Stops::kReplacements, true, api::RolloutReason::kServerNotReady, "",
     [](const Plan&, const World& world, const Budget&) { return !world.sources.server.empty(); }},
    {PolicyWideObstacle::Stops::kReplacements, false, api::RolloutReason::kWebhookNotReady, "",
     [](const Plan&, const World& world, const Budget&) { return !world.sources.webhook.empty(); }},
    {PolicyWideObstacle::Stops::kReplacements, false, api::RolloutReason::kOutsideWindow,
     "pods are replaced in the maintenance windows only",
     [](const Plan&, const World&, const Budget& budget) { return !budget.window.open; }},
    {PolicyWideObstacle::Stops::kNewSlots, false, api::RolloutReason::kQueued,
     "other workloads come first",
     [](const Plan&, const World&, const Budget& budget) { return budget.slots <= 0; }},
}};

// The first that applies among those that stop `moves`; null: none.
const PolicyWideObstacle* policyWideObstacle(PolicyWideObstacle::Stops moves, const Plan& plan,
                                             const World& world, const Budget& budget);

// Obstacles of the workload itself, which a user or time removes. They say nothing about a revision.
inline constexpr std::array<api::RolloutReason, 15> kOwnObstacles{
    api::RolloutReason::kUnhealthyBefore,
    api::RolloutReason::kPodsMissing,
    api::RolloutReason::kPodsTerminating,
    api::RolloutReason::kOwnerGone,
    api::RolloutReason::kOwnerPaused,
    api::RolloutReason::kOwnerRollingOut,
    api::RolloutReason::kOwnerUnreadable,
    api::RolloutReason::kAutoscalerAtMaximum,
    api::RolloutReason::kDisruptionBudgetExhausted,
    api::RolloutReason::kSeveralDisruptionBudgets,
    api::RolloutReason::kActionRefused,
    api::RolloutReason::kOnDelete,
    api::RolloutReason::kSingleReplica,
    api::RolloutReason::kBelowPartition,
    api::RolloutReason::kAgentInTemplate};
bool isOwnObstacle(const api::RecordedReason& reason);
// Held at the progress deadline because of such an obstacle: the workload goes on when it ends.
bool heldByObstacle(const api::WorkloadRollout& record);

// Whether a workload waits for this as long as it takes, and is never skipped for it.
bool waitsWithoutDeadline(const api::RecordedReason& reason);

}  // namespace profiling::engine
