// The status of a ProfilingPolicy. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "operator/api/effective.h"

namespace profiling::controllers {

struct PolicyInput {
  const api::ProfilingPolicy& policy;
  const api::ProfilingServer* server = nullptr;  // what spec.serverRef names; null: not there
  std::map<std::string, std::string> namespace_labels;  // of the policy's namespace
  const api::AgentImages& agents;
  std::int64_t profiled_pods = 0;  // alive, with this policy in their decision
  std::string now;                 // RFC 3339
};

// "namespace/name" of the server that a policy points at; empty for spec.endpoint.
std::string serverKey(const api::ProfilingPolicy& policy);

// phase Active or Degraded; conditions Ready and ServerAvailable with reasons
//   ServerReady, EndpointGiven, Active · ServerNotFound, ServerNotGranted, ServerNotReady
api::ProfilingPolicyStatus decidePolicy(const PolicyInput& input);

}  // namespace profiling::controllers
