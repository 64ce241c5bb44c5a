#include "operator/api/effective.h"

#include "operator/api/revision.h"
#include "operator/api/selector.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/encoding.h"

namespace profiling::api {
namespace {

constexpr std::size_t kRevisionDigits = 10;

void refuse(EffectivePolicy& e, std::string reason, std::string problem) {
  e.server_url.clear();
  e.tenant_id.clear();
  e.server_reason = std::move(reason);
  e.server_problem = std::move(problem);
}

void refuseGrant(EffectivePolicy& e, const ProfilingServer& server, const std::string& namespace_) {
  refuse(e, "ServerNotGranted",
         "spec.serverRef: ProfilingServer '" + serverKey(e.policy) + "' does not admit " +
             namespace_ + ": its spec.allowedNamespaces.from is '" +
             (server.spec.allowed_namespaces.from == AllowFrom::kSame ? "Same" : "Selector") +
             "'; set it to 'All' or to a 'Selector' that matches the namespace's labels, or use a "
             "server of your own namespace");
}

// The destination of profiles once the server admits the sender; with tenancy the tenant is the
// sender's namespace.
void resolve(EffectivePolicy& e, const ProfilingServer* server) {
  if (const auto& endpoint = e.policy.spec.endpoint) {
    e.server_url = endpoint->url;
    e.tenant_id = e.tenant_rule = endpoint->tenant_id;
  } else if (const std::string name = "'" + serverKey(e.policy) + "'"; server == nullptr) {
    refuse(
        e, "ServerNotFound",
        "spec.serverRef: there is no ProfilingServer " + name +
            "; create it, or name one that exists, or use spec.endpoint for a server of your own");
  } else if (const Condition* config = findCondition(server->status.conditions, "ConfigValid");
             server->metadata.deleting || (config != nullptr && config->status == "False")) {
    refuse(e, "ServerNotReady",
           "spec.serverRef: ProfilingServer " + name +
               (server->metadata.deleting ? " is being deleted; name another one"
                                          : " has an invalid configuration: " + config->message));
  } else {
    e.server_url =
        "http://" + server->metadata.name + "." + server->metadata.namespace_ + ".svc:4040";
    if (server->spec.tenancy.enabled) {
      e.tenant_id = e.policy.metadata.namespace_;
      e.tenant_rule = kNamespaceAsTenant;
    }
  }
}

// Fixes the revision: the newest stored one with the same content determines the images.
void pin(EffectivePolicy& e, const AgentImages& agents, const Revisions& revisions) {
  e.agents = agents;
  const nlohmann::json content = contentOf(e);
  const std::string key = contentKey(content);
  const Revision* same = nullptr;
  for (const auto& revision : revisions) {
    if (revision->content_key != key) continue;
    if (same == nullptr || revision->number > same->number) same = revision.get();
  }
  if (same != nullptr) e.agents = same->agents;
  e.revision = contentHash(withImages(content, e.agents));
  const EffectivePolicy plain = e;
  for (const auto& revision : revisions) {
    if (auto at = atRevision(plain, *revision)) e.revisions.push_back(std::move(at));
  }
  for (const EffectivePolicy& rung : overheadLadder(plain)) {
    if (rung.revision != e.revision) e.reduced.push_back(rung.revision);
  }
}

}  // namespace

std::shared_ptr<const EffectivePolicy> EffectivePolicy::at(std::string_view hash) const {
  for (const auto& each : revisions) {
    if (each->revision == hash) return each;
  }
  return nullptr;
}

// nlohmann sorts keys, so the text is canonical. Fields that only choose pods (priority, selector,
// activation, mode) or steer the rollout are not part of it: changing them changes no injected pod.
nlohmann::json contentOf(const EffectivePolicy& e) {
  nlohmann::json content = toJson(e.policy)["spec"];
  for (const char* key : {"priority", "activation", "selector", "workloadKinds", "serverRef",
                          "endpoint", "mode", "rollout"}) {
    content.erase(key);
  }
  content["url"] = e.server_url;
  content["tenant"] = e.tenant_rule;
  const auto& annotations = e.policy.metadata.annotations;
  if (const auto it = annotations.find(std::string(kRefreshAgentsKey)); it != annotations.end()) {
    content["refresh"] = it->second;
  }
  return content;
}

nlohmann::json withImages(nlohmann::json content, const AgentImages& agents) {
  // Trailing missing images are left out, so that a revision from before a language was added keeps
  // its hash.
  std::size_t count = agents.size();
  while (count > 0 && agents[count - 1].image.empty()) --count;
  content["images"] = nlohmann::json::array();
  for (std::size_t i = 0; i < count; ++i) {
    content["images"].push_back({agents[i].image, agents[i].version});
  }
  return content;
}

std::string contentHash(const nlohmann::json& content) {
  return hexSha256(content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
      .substr(0, kRevisionDigits);
}

std::string contentKey(nlohmann::json content) {
  content.erase("images");
  return contentHash(content);
}

std::string_view policyKind(const EffectivePolicy& policy) {
  return policy.cluster ? ClusterProfilingPolicy::kKind : ProfilingPolicy::kKind;
}

std::string serverKey(const ProfilingPolicy& policy) {
  if (!policy.spec.server_ref) return {};
  const ServerRef& ref = *policy.spec.server_ref;
  return (ref.namespace_.empty() ? policy.metadata.namespace_ : ref.namespace_) + "/" + ref.name;
}

std::string serverKey(const ClusterProfilingPolicy& policy) {
  if (!policy.spec.server_ref) return {};
  return policy.spec.server_ref->namespace_ + "/" + policy.spec.server_ref->name;
}

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
                              const AgentImages& agents, const Revisions& revisions) {
  EffectivePolicy e;
  e.policy = policy;
  if (policy.spec.server_ref && server != nullptr &&
      !grants(*server, policy.metadata.namespace_, namespace_labels)) {
    // A namespace without a grant learns nothing about the server, not even from the revision.
    refuseGrant(e, *server, "namespace '" + policy.metadata.namespace_ + "'");
  } else {
    resolve(e, server);
  }
  pin(e, agents, revisions);
  return e;
}

ClusterEffective::ClusterEffective(const ClusterProfilingPolicy& policy,
                                   const ProfilingServer* server, const AgentImages& agents,
                                   const Revisions& revisions)
    : selector_(policy.spec.namespace_selector),
      server_(policy.spec.server_ref ? server : nullptr) {
  EffectivePolicy e;
  e.policy = {policy.metadata, static_cast<const ProfilingPolicySpec&>(policy.spec), policy.status};
  e.cluster = true;
  resolve(e, server_);
  pin(e, agents, revisions);
  admitted_ = std::make_shared<const EffectivePolicy>(e);
  if (server_ == nullptr) return;
  refuseGrant(e, *server_, "the pod's namespace");
  refused_ = std::make_shared<const EffectivePolicy>(std::move(e));
}

bool ClusterEffective::selects(const std::map<std::string, std::string>& namespace_labels) const {
  return matches(selector_, namespace_labels);
}

bool ClusterEffective::admits(std::string_view namespace_,
                              const std::map<std::string, std::string>& namespace_labels) const {
  return server_ == nullptr || grants(*server_, namespace_, namespace_labels);
}

std::shared_ptr<const EffectivePolicy> ClusterEffective::in(
    std::string_view namespace_, const std::map<std::string, std::string>& namespace_labels) const {
  if (!admits(namespace_, namespace_labels)) return refused_;
  const bool tenancy = server_ != nullptr && server_->spec.tenancy.enabled;
  if (!tenancy || admitted_->server_url.empty()) return admitted_;
  EffectivePolicy own = *admitted_;
  own.tenant_id = namespace_;
  for (auto& revision : own.revisions) {
    EffectivePolicy at = *revision;
    at.tenant_id = at.tenant_rule == kNamespaceAsTenant ? std::string(namespace_) : at.tenant_rule;
    revision = std::make_shared<const EffectivePolicy>(std::move(at));
  }
  return std::make_shared<const EffectivePolicy>(std::move(own));
}

}  // namespace profiling::api
