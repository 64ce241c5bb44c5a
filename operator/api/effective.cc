#include "operator/api/effective.h"

#include "operator/api/selector.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/text.h"

namespace profiling::api {
namespace {

constexpr std::size_t kRevisionDigits = 10;

// Everything that ends up in pods, in a canonical text (nlohmann sorts keys). What only chooses
// pods (priority, selector, activation) is not part of it: changing that changes no injected pod.
std::string revisionOf(const EffectivePolicy& e, const AgentImages& agents) {
  nlohmann::json content = toJson(e.policy)["spec"];
  for (const char* key :
       {"priority", "activation", "selector", "workloadKinds", "serverRef", "endpoint"}) {
    content.erase(key);
  }
  content["url"] = e.server_url;
  content["tenant"] = e.tenant_id;
  for (const AgentImage& agent : agents) content["images"].push_back({agent.image, agent.version});
  return hexSha256(content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
      .substr(0, kRevisionDigits);
}

void refuse(EffectivePolicy& e, std::string reason, std::string problem) {
  e.server_reason = std::move(reason);
  e.server_problem = std::move(problem);
}

}  // namespace

bool grants(const ProfilingServer& server, std::string_view namespace_,
            const std::map<std::string, std::string>& namespace_labels) {
  if (server.metadata.namespace_ == namespace_) return true;
  const AllowedNamespaces& allowed = server.spec.allowed_namespaces;
  switch (allowed.from) {
    case AllowFrom::kSame:
      return false;
    case AllowFrom::kAll:
      return true;
    case AllowFrom::kSelector:
      return matches(allowed.selector, namespace_labels);
  }
  return false;
}

EffectivePolicy makeEffective(const ProfilingPolicy& policy, const ProfilingServer* server,
                              const std::map<std::string, std::string>& namespace_labels,
                              const AgentImages& agents) {
  EffectivePolicy e;
  e.policy = policy;
  if (policy.spec.endpoint) {
    e.server_url = policy.spec.endpoint->url;
    e.tenant_id = policy.spec.endpoint->tenant_id;
    e.revision = revisionOf(e, agents);
    return e;
  }
  const ServerRef ref = policy.spec.server_ref.value_or(ServerRef{});
  const std::string namespace_ =
      ref.namespace_.empty() ? policy.metadata.namespace_ : ref.namespace_;
  const std::string name = "'" + namespace_ + "/" + ref.name + "'";
  if (server == nullptr) {
    refuse(
        e, "ServerNotFound",
        "spec.serverRef: there is no ProfilingServer " + name +
            "; create it, or name one that exists, or use spec.endpoint for a server of your own");
  } else if (!grants(*server, policy.metadata.namespace_, namespace_labels)) {
    const AllowFrom from = server->spec.allowed_namespaces.from;
    refuse(e, "ServerNotGranted",
           "spec.serverRef: ProfilingServer " + name + " does not admit namespace '" +
               policy.metadata.namespace_ + "': its spec.allowedNamespaces.from is '" +
               (from == AllowFrom::kSame ? "Same" : "Selector") +
               "'; set it to 'All' or to a 'Selector' that matches the namespace's labels, or use "
               "a server of your own namespace");
  } else if (const Condition* config = findCondition(server->status.conditions, "ConfigValid");
             server->metadata.deleting || (config != nullptr && config->status == "False")) {
    refuse(e, "ServerNotReady",
           "spec.serverRef: ProfilingServer " + name +
               (server->metadata.deleting ? " is being deleted; name another one"
                                          : " has an invalid configuration: " + config->message));
  } else {
    e.server_url =
        "http://" + server->metadata.name + "." + server->metadata.namespace_ + ".svc:4040";
    // Agents of one namespace are one tenant where the server keeps tenants apart.
    if (server->spec.tenancy.enabled) e.tenant_id = policy.metadata.namespace_;
  }
  e.revision = revisionOf(e, agents);
  return e;
}

}  // namespace profiling::api
