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
  // the server of spec.serverRef; null: does not exist
  const api::ProfilingServer* server = nullptr;
  std::map<std::string, std::string> namespace_labels;  // of the policy's namespace
  const api::AgentImages& agents;
  const PolicyTotals& totals;     // of the pods that the policy decides about
  std::string now;                // RFC 3339
  api::Revisions revisions = {};  // of the policy
  bool restarts_granted = true;   // the administrator lets the operator restart pods
};

struct ClusterPolicyInput {
  const api::ClusterProfilingPolicy& policy;
  const api::ProfilingServer* server = nullptr;
  const inject::Records<NamespaceRecord>& namespaces;
  const inject::Settings& settings;  // agents; which namespaces are never touched
  const PolicyTotals& totals;
  std::string now;
  api::Revisions revisions = {};
  bool restarts_granted = true;
};

// The phase (conditions.h) and the conditions Ready and ServerAvailable and, for a policy with a
// rollout, Progressing, Paused and Healthy. RestartsGranted is there, and False, only if the policy
// asks for restarts that the administrator has not granted.
api::ProfilingPolicyStatus decidePolicy(const PolicyInput& input);
// The same for a cluster policy. A server that admits only some of the namespaces is available, and
// Ready counts the namespaces that it does not admit.
api::ProfilingPolicyStatus decidePolicy(const ClusterPolicyInput& input);

}  // namespace profiling::controllers
