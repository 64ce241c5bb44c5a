// The status of a ProfilingPolicy and of a ClusterProfilingPolicy. Pure.
#pragma once

#include <map>
#include <string>

#include "controllers/policy/totals.h"
#include "controllers/runtime/records.h"
#include "operator/api/effective.h"
#include "operator/api/revision.h"

namespace profiling::controllers {

struct PolicyInput {
  const api::ProfilingPolicy& policy;
  const api::ProfilingServer* server = nullptr;  // what spec.serverRef names; null: not there
  std::map<std::string, std::string> namespace_labels;  // of the policy's namespace
  const api::AgentImages& agents;
  const PolicyTotals& totals;     // what the webhook has made of the pods
  std::string now;                // RFC 3339
  api::Revisions revisions = {};  // of the policy, as they are kept
};

struct ClusterPolicyInput {
  const api::ClusterProfilingPolicy& policy;
  const api::ProfilingServer* server = nullptr;
  const inject::Records<NamespaceRecord>& namespaces;
  const inject::Settings& settings;  // agents; which namespaces are never touched
  const PolicyTotals& totals;
  std::string now;
  api::Revisions revisions = {};
};

// phase Active, Observing or Degraded, or what the rollout does: Progressing, Paused, Halted,
// AwaitingApproval, RollingBack. Conditions Ready and ServerAvailable with reasons
//   ServerReady, EndpointGiven, Active, Observing · ServerNotFound, ServerNotGranted,
//   ServerNotReady
// and, of a policy with a rollout, Progressing, Paused and Healthy.
api::ProfilingPolicyStatus decidePolicy(const PolicyInput& input);
// The same; a server that admits only some of the namespaces is available, and Ready counts those
// that it does not admit.
api::ProfilingPolicyStatus decidePolicy(const ClusterPolicyInput& input);

}  // namespace profiling::controllers
