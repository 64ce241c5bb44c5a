// The phases of policies and of workloads, and the reasons of a workload's condition Profiled that are
// not reasons of the webhook: written by the controllers, compared by the command line.
#pragma once

#include <cstdint>

#include "operator/base/vocabulary.h"

namespace profiling::api {

enum class PolicyPhase : std::uint8_t {
  kActive,
  kObserving,
  kDegraded,  // no server is available
  // Phases of a rollout
  kProgressing,
  kPaused,
  kHalted,  // the failure budget is spent
  kAwaitingApproval,
  kRollingBack,
};
inline constexpr Vocabulary<PolicyPhase, 8> kPolicyPhases{{{
    {PolicyPhase::kActive, "Active"},
    {PolicyPhase::kObserving, "Observing"},
    {PolicyPhase::kDegraded, "Degraded", "See the ServerAvailable condition."},
    {PolicyPhase::kProgressing, "Progressing"},
    {PolicyPhase::kPaused, "Paused", "See the records of the workloads that are held."},
    {PolicyPhase::kHalted, "Halted", "See the verdicts of the failed workloads, then retry."},
    {PolicyPhase::kAwaitingApproval, "AwaitingApproval", "Promote the policy to the step."},
    {PolicyPhase::kRollingBack, "RollingBack"},
}}};
static_assert(kPolicyPhases.inOrder());

enum class WorkloadPhase : std::uint8_t {
  kProfiled,
  kPartial,
  kMissed,
  kWaiting,
  kSkipped,
  kObserved,
  kUnmatched,  // no policy matches any more, pods still carry an agent
  kIdle,       // it has no pods
};
inline constexpr Vocabulary<WorkloadPhase, 8> kWorkloadPhases{{{
    {WorkloadPhase::kProfiled, "Profiled"},
    {WorkloadPhase::kPartial, "Partial"},
    {WorkloadPhase::kMissed, "Missed", "Restart the workload, or wait for its pods' next start."},
    {WorkloadPhase::kWaiting, "Waiting", "See status.rollout."},
    {WorkloadPhase::kSkipped, "Skipped", "See status.skippedReasons."},
    {WorkloadPhase::kObserved, "Observed"},
    {WorkloadPhase::kUnmatched, "Unmatched"},
    {WorkloadPhase::kIdle, "Idle"},
}}};
static_assert(kWorkloadPhases.inOrder());

enum class ProfiledReason : std::uint8_t {
  kAllProfiled,
  kPodsMissed,
  kPodsWaiting,
  kPodsOutdated,
  kObserved,
  kNoPods,
};
inline constexpr Vocabulary<ProfiledReason, 6> kProfiledReasons{{{
    {ProfiledReason::kAllProfiled, "AllProfiled"},
    {ProfiledReason::kPodsMissed, "PodsMissed",
     "Restart the workload, or wait for its pods' next start."},
    {ProfiledReason::kPodsWaiting, "PodsWaiting", "See status.rollout."},
    {ProfiledReason::kPodsOutdated, "PodsOutdated", "Wait for the pods' next start."},
    {ProfiledReason::kObserved, "Observed"},
    {ProfiledReason::kNoPods, "NoPods"},
}}};
static_assert(kProfiledReasons.inOrder());

}  // namespace profiling::api
