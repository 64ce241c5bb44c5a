// The vocabulary of a rollout's records: why a workload or a policy is where it is, and how a move
// ended. Code compares the enums; the JSON text is the name in the table.
#pragma once

#include <cstdint>

#include "operator/api/recorded_word.h"

namespace profiling::api {

// Reason of a workload's record, of its verdict and of its history. A workload that a gate holds or
// rolls back carries the gate's reason, so both share one vocabulary.
enum class RolloutReason : std::uint8_t {
  // Waits for its turn or for the policy
  kNotYet,
  kPolicyPaused,
  kFailureBudgetSpent,
  kServerUnavailable,
  kOutsideWindow,
  kWebhookNotReady,
  kFruitlessReplacements,  // of the policy's workloads: one tries at a time
  kQueued,
  kAwaitingProbe,
  // Waits for its pods or its owner
  kCooldown,
  kUnhealthyBefore,
  kPodsMissing,
  kOwnerGone,
  kOwnerPaused,
  kOwnerRollingOut,
  kAutoscalerAtMaximum,
  kDisruptionBudgetExhausted,
  kSeveralDisruptionBudgets,
  kPodsTerminating,
  kActionRefused,
  kOwnerUnreadable,
  kWaitingForOwner,
  // Takes no part
  kOnDelete,
  kSingleReplica,
  kNoPods,
  kBelowPartition,
  kQuarantined,
  kSkippedByUser,
  kAgentInTemplate,  // the pod template itself carries an agent
  // Moves
  kReplacingPods,
  kSuperseded,   // the pods that are being replaced come first, then the new revision
  kNewRevision,  // in the history: what a superseded move gave way to
  kSoaking,
  kRepair,  // pods of a completed workload came back without an agent
  kSteppedDown,
  kSmallerShare,
  kNextRun,
  // Held, undone or rejected
  kPausedByUser,
  kProgressDeadlineExceeded,
  kInjectionMissed,
  kWebhookNotAsked,
  kPodRefused,
  kGitOpsConflict,
  kRejected,
  kAborted,
  kPodsRemain,
  kPolicyGone,
  // What the gates find: nothing wrong, or too early to say
  kAllGatesPassed,
  kNotReadyYet,
  kSamplesMissing,
  kProfilesAwaited,
  // … no answer
  kNoProfiledPods,
  kNoControlGroup,
  kMetricsUnavailable,
  kArrivalUnknown,
  kProfilesMissing,
  kServerNotReady,
  // … a failure
  kNotReady,
  kCrash,
  kAgentCrash,
  kApplicationCrash,
  kOomKilled,
  kAgentImagePull,
  kImagePull,
  kAgentInitFailed,
  kCpuOverhead,
  kMemoryOverhead,
};
inline constexpr std::size_t kRolloutReasonCount =
    static_cast<std::size_t>(RolloutReason::kMemoryOverhead) + 1;
extern const Vocabulary<RolloutReason, kRolloutReasonCount> kRolloutReasons;

// Why a policy's rollout does not continue.
enum class PolicyRolloutReason : std::uint8_t {
  kAborted,
  kFailureBudgetSpent,
  kPaused,
  kOutsideWindow,
  kInconclusive,
  kAwaitingApproval,
};
inline constexpr std::size_t kPolicyRolloutReasonCount =
    static_cast<std::size_t>(PolicyRolloutReason::kAwaitingApproval) + 1;
extern const Vocabulary<PolicyRolloutReason, kPolicyRolloutReasonCount> kPolicyRolloutReasons;

// How a workload's move to a revision ended.
enum class HistoryResult : std::uint8_t {
  kComplete,
  kRolledBack,
  kSuperseded,
  kAborted,
  kTooCostly,  // the next rung of the overhead ladder, or a smaller share, is tried
};
inline constexpr std::size_t kHistoryResultCount =
    static_cast<std::size_t>(HistoryResult::kTooCostly) + 1;
extern const Vocabulary<HistoryResult, kHistoryResultCount> kHistoryResults;

using RecordedReason = RecordedWord<RolloutReason, kRolloutReasons>;
using RecordedPolicyReason = RecordedWord<PolicyRolloutReason, kPolicyRolloutReasons>;
using RecordedResult = RecordedWord<HistoryResult, kHistoryResults>;

}  // namespace profiling::api
