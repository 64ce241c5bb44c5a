// The status of a ProfilingPolicy and of a ClusterProfilingPolicy. Pure.
#pragma once

#include <map>
#include <string>

#include "controllers/policy/totals.h"
#include "controllers/records.h"
#include "operator/api/effective.h"

namespace profiling::controllers {

struct PolicyInput {
  const api::ProfilingPolicy& policy;
  const api::ProfilingServer* server = nullptr;  // what spec.serverRef names; null: not there
  std::map<std::string, std::string> namespace_labels;  // of the policy's namespace
  const api::AgentImages& agents;
  const PolicyTotals& totals;  // what the webhook has made of the pods
  std::string now;             // RFC 3339
};

struct ClusterPolicyInput {
  const api::ClusterProfilingPolicy& policy;
  const api::ProfilingServer* server = nullptr;
  const inject::Records<NamespaceRecord>& namespaces;
  const inject::Settings& settings;  // agents; which namespaces are never touched
  const PolicyTotals& totals;
  std::string now;
};

// phase Active, Observing or Degraded; conditions Ready and ServerAvailable with reasons
//   ServerReady, EndpointGiven, Active, Observing · ServerNotFound, ServerNotGranted,
//   ServerNotReady
api::ProfilingPolicyStatus decidePolicy(const PolicyInput& input);
// The same; a server that admits only some of the namespaces is available, and Ready counts those
// that it does not admit.
api::ProfilingPolicyStatus decidePolicy(const ClusterPolicyInput& input);

}  // namespace profiling::controllers
