#include "controllers/policy/decide.h"

#include <utility>

#include "operator/base/text.h"

namespace profiling::controllers {
namespace {

struct Availability {
  std::string status;  // True, False, Unknown
  std::string reason;
  std::string message;
};

// The server may be resolvable, so that pods are injected, and still not take profiles yet.
Availability availability(const PolicyInput& input, const api::EffectivePolicy& effective) {
  if (input.policy.spec.endpoint) {
    return {"True", "EndpointGiven",
            "profiles go to spec.endpoint.url '" + printable(effective.server_url) +
                "', which the operator does not probe"};
  }
  if (!effective.server_reason.empty()) {
    return {"False", effective.server_reason, effective.server_problem};
  }
  const std::string name = "spec.serverRef: ProfilingServer '" + serverKey(input.policy) + "'";
  const api::Condition* ready = api::findCondition(input.server->status.conditions, "Ready");
  if (ready == nullptr) {
    return {"False", "ServerNotReady", name + " has not been set up yet; it is being worked on"};
  }
  if (ready->status != "True") {
    return {"False", "ServerNotReady",
            name + " is not ready (" + ready->reason + "): " + ready->message};
  }
  return {"True", "ServerReady", name + " is ready at " + effective.server_url};
}

}  // namespace

std::string serverKey(const api::ProfilingPolicy& policy) {
  if (!policy.spec.server_ref) return {};
  const api::ServerRef& ref = *policy.spec.server_ref;
  return (ref.namespace_.empty() ? policy.metadata.namespace_ : ref.namespace_) + "/" + ref.name;
}

api::ProfilingPolicyStatus decidePolicy(const PolicyInput& input) {
  const api::EffectivePolicy effective =
      api::makeEffective(input.policy, input.server, input.namespace_labels, input.agents);
  const Availability server = availability(input, effective);
  const bool active = server.status == "True";
  const std::int64_t generation = input.policy.metadata.generation;

  api::ProfilingPolicyStatus status = input.policy.status;
  status.observed_generation = generation;
  status.phase = active ? "Active" : "Degraded";
  status.target_revision = effective.revision;
  status.profiled_pods = input.profiled_pods;
  api::setCondition(
      status.conditions,
      {"ServerAvailable", server.status, server.reason, server.message, "", generation}, input.now);
  const std::string consequence =
      effective.server_url.empty()
          ? "; until then new pods are not profiled"
          : "; new pods get an agent, which sends its profiles once the server is ready";
  api::setCondition(
      status.conditions,
      {"Ready", active ? "True" : "False", active ? "Active" : server.reason,
       active ? "new pods that the policy selects are profiled" : server.message + consequence, "",
       generation},
      input.now);
  return status;
}

}  // namespace profiling::controllers
