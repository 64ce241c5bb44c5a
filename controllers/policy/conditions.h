// The phases of a policy and the reasons of its conditions. ServerAvailable also uses the reasons
// of api::EffectivePolicy::server_reason.
#pragma once

#include <cstdint>

#include "operator/base/vocabulary.h"

namespace profiling::controllers {

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

enum class PolicyCondition : std::uint8_t {
  kEndpointGiven,
  kServerReady,
  kServerNotReady,
  kServerNotGranted,
  kRolledOut,
  kHeld,
  kNotPaused,
  kNoFailures,
  kWorkloadsHeld,
  kWorkloadsFailed,
};
inline constexpr Vocabulary<PolicyCondition, 10> kPolicyConditions{{{
    {PolicyCondition::kEndpointGiven, "EndpointGiven"},
    {PolicyCondition::kServerReady, "ServerReady"},
    {PolicyCondition::kServerNotReady, "ServerNotReady", "See the conditions of the server."},
    {PolicyCondition::kServerNotGranted, "ServerNotGranted",
     "Let spec.allowedNamespaces of the server admit the namespaces."},
    {PolicyCondition::kRolledOut, "RolledOut"},
    {PolicyCondition::kHeld, "Held", "See the records of the workloads that are held."},
    {PolicyCondition::kNotPaused, "NotPaused"},
    {PolicyCondition::kNoFailures, "NoFailures"},
    {PolicyCondition::kWorkloadsHeld, "WorkloadsHeld", "See the records of these workloads."},
    {PolicyCondition::kWorkloadsFailed, "WorkloadsFailed", "See the records of these workloads."},
}}};
static_assert(kPolicyConditions.inOrder());

}  // namespace profiling::controllers
