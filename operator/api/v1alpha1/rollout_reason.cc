#include "operator/api/v1alpha1/rollout_reason.h"

namespace profiling::api {
namespace {

using R = RolloutReason;
using P = PolicyRolloutReason;
using H = HistoryResult;

}  // namespace

constexpr Vocabulary<RolloutReason, kRolloutReasonCount> kRolloutReasons{{{
    {R::kNotYet, "NotYet", "Wait for its step, or promote the policy."},
    {R::kPolicyPaused, "PolicyPaused", "Set rollout.paused of the policy to false."},
    {R::kFailureBudgetSpent, "FailureBudgetSpent",
     "See the verdicts of the failed workloads; retry the policy when the cause is fixed."},
    {R::kServerUnavailable, "ServerUnavailable",
     "See the ServerAvailable condition of the policy."},
    {R::kOutsideWindow, "OutsideWindow", "Wait for the next of rollout.restart.windows."},
    {R::kWebhookNotReady, "WebhookNotReady", "See the pods of the webhook's Deployment."},
    {R::kFruitlessReplacements, "FruitlessReplacements",
     "See the reasons of the workloads that are held; one of them tries again at a time."},
    {R::kQueued, "Queued", "Wait, or raise rollout.workloads.maxParallel."},
    {R::kAwaitingProbe, "AwaitingProbe", "Wait until another workload has tried the image."},
    {R::kCooldown, "Cooldown", "Wait, or lower rollout.restart.cooldown."},
    {R::kUnhealthyBefore, "UnhealthyBefore", "Fix the pods that do not run."},
    {R::kPodsMissing, "PodsMissing", "See the events of the workload's owner."},
    {R::kOwnerGone, "OwnerGone"},
    {R::kOwnerPaused, "OwnerPaused", "Resume the workload's own rollout."},
    {R::kOwnerRollingOut, "OwnerRollingOut", "Wait for the workload's own rollout."},
    {R::kAutoscalerAtMaximum, "AutoscalerAtMaximum", "Raise the autoscaler's maximum."},
    {R::kDisruptionBudgetExhausted, "DisruptionBudgetExhausted",
     "Let the PodDisruptionBudget allow a disruption."},
    {R::kWaitingForOwner, "WaitingForOwner",
     "Restart the workload, or set rollout.restart.mode to 'Managed'."},
    {R::kOnDelete, "OnDelete",
     "Delete its pods by hand, or set rollout.restart.method to 'Evict'."},
    {R::kSingleReplica, "SingleReplica",
     "Let the workload surge, or set rollout.restart.method to 'Evict'."},
    {R::kNoPods, "NoPods"},
    {R::kQuarantined, "Quarantined",
     "Use another version of the agent, or approve the revision in the record."},
    {R::kSkippedByUser, "SkippedByUser", "Set spec.skip of the record to false."},
    {R::kAgentInTemplate, "AgentInTemplate",
     "Remove the agent's init containers, variables and label from the pod template."},
    {R::kSuperseded, "Superseded"},
    {R::kNewRevision, "NewRevision"},
    {R::kSoaking, "Soaking"},
    {R::kRepair, "Repair"},
    {R::kSteppedDown, "SteppedDown"},
    {R::kSmallerShare, "SmallerShare", "Allow more overhead in rollout.gates, or profile less."},
    {R::kNextRun, "NextRun"},
    {R::kPausedByUser, "PausedByUser", "Set spec.paused of the record to false."},
    {R::kProgressDeadlineExceeded, "ProgressDeadlineExceeded",
     "See the workload's events, or raise rollout.progressDeadline."},
    {R::kInjectionMissed, "InjectionMissed",
     "See the message; a pod is tried again after replacements.next, or retry the policy."},
    {R::kWebhookNotAsked, "WebhookNotAsked",
     "Check that the API server reaches the webhook, and its namespaceSelector."},
    {R::kPodRefused, "PodRefused",
     "Let the quota, limit range or admission policy that the message names admit the agent."},
    {R::kGitOpsConflict, "GitOpsConflict",
     "Let the GitOps tool ignore the annotation, or set rollout.restart.method to 'Evict'."},
    {R::kRejected, "Rejected", "Retry the policy when the cause is fixed."},
    {R::kAborted, "Aborted",
     "Change the policy, or remove its annotation profiling.dev/abort and retry."},
    {R::kPodsRemain, "PodsRemain", "Restart the workload by hand."},
    {R::kPolicyGone, "PolicyGone"},
    {R::kAllGatesPassed, "AllGatesPassed"},
    {R::kNotReadyYet, "NotReadyYet"},
    {R::kSamplesMissing, "SamplesMissing"},
    {R::kProfilesAwaited, "ProfilesAwaited"},
    {R::kNoProfiledPods, "NoProfiledPods", "See the events of the workload's owner."},
    {R::kNoControlGroup, "NoControlGroup", "Approve the revision in the record."},
    {R::kMetricsUnavailable, "MetricsUnavailable", "Check the metrics server."},
    {R::kArrivalUnknown, "ArrivalUnknown", "Check the storage server."},
    {R::kProfilesMissing, "ProfilesMissing",
     "Check network policies and the tenant, or approve the revision in the record."},
    {R::kServerNotReady, "ServerNotReady", "See the conditions of the ProfilingServer."},
    {R::kNotReady, "NotReady", "See the events of the pod."},
    {R::kCrash, "Crash", "See the evidence in the record."},
    {R::kAgentCrash, "AgentCrash", "Report it with the evidence in the record."},
    {R::kApplicationCrash, "ApplicationCrash", "Fix the application."},
    {R::kOomKilled, "OOMKilled", "Raise the container's memory limit."},
    {R::kAgentImagePull, "AgentImagePull", "Make the agent's image reachable from the nodes."},
    {R::kImagePull, "ImagePull", "Fix the image of the container."},
    {R::kAgentInitFailed, "AgentInitFailed", "See the log of the init container."},
    {R::kCpuOverhead, "CPUOverhead", "Profile less, or raise rollout.gates.maxCPUOverheadPercent."},
    {R::kMemoryOverhead, "MemoryOverhead",
     "Profile less, or raise rollout.gates.maxMemoryOverhead."},
}}};
static_assert(kRolloutReasons.inOrder());

constexpr Vocabulary<PolicyRolloutReason, kPolicyRolloutReasonCount> kPolicyRolloutReasons{{{
    {P::kAborted, "Aborted",
     "Change the policy, or remove its annotation profiling.dev/abort and retry."},
    {P::kFailureBudgetSpent, "FailureBudgetSpent",
     "See the verdicts of the failed workloads; retry when the cause is fixed."},
    {P::kPaused, "Paused", "Set rollout.paused to false."},
    {P::kOutsideWindow, "OutsideWindow", "Wait for the next of rollout.restart.windows."},
    {P::kInconclusive, "Inconclusive", "Approve the revision in the records that are held."},
    {P::kAwaitingApproval, "AwaitingApproval", "Promote the policy to the step."},
}}};
static_assert(kPolicyRolloutReasons.inOrder());

constexpr Vocabulary<HistoryResult, kHistoryResultCount> kHistoryResults{{{
    {H::kComplete, "Complete"},
    {H::kRolledBack, "RolledBack"},
    {H::kSuperseded, "Superseded"},
    {H::kAborted, "Aborted"},
    {H::kTooCostly, "TooCostly"},
}}};
static_assert(kHistoryResults.inOrder());

}  // namespace profiling::api
