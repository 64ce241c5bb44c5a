// The reasons of a policy's conditions. Other reasons of ServerAvailable are those of
// api::EffectivePolicy::server_reason.
#pragma once

#include <cstdint>

#include "operator/base/vocabulary.h"

namespace profiling::controllers {

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
  kRestartsNotGranted,
};
inline constexpr Vocabulary<PolicyCondition, 11> kPolicyConditions{{{
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
    {PolicyCondition::kRestartsNotGranted, "RestartsNotGranted",
     "Set controller.restarts.enabled of the chart, or rollout.restart.mode to 'OnOwnerChange'."},
}}};
static_assert(kPolicyConditions.inOrder());

}  // namespace profiling::controllers
