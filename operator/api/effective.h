// A policy together with what it resolves to: its server's URL and its revision. Both the webhook
// (to inject) and the controller (to report) need it, so it lives here. Pure.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/policy.h"
#include "operator/api/v1alpha1/server.h"

namespace profiling::api {

// Administrator's configuration: agent images never come from a custom resource.
struct AgentImage {
  std::string image;    // registry/name:tag or @digest
  std::string version;  // of the agent inside
};
using AgentImages = std::array<AgentImage, kLanguageCount>;  // by Language

// A policy as the admission path sees it: built when one of its inputs changes, then shared and
// immutable.
struct EffectivePolicy {
  // For a cluster policy: its metadata, and the part of its spec that both kinds share.
  ProfilingPolicy policy;
  bool cluster = false;  // a ClusterProfilingPolicy
  // 10 hex digits over the effective injection: images, env, sampling, tags, URL. A tenant taken
  // from the namespace counts the same in every namespace.
  std::string revision;
  std::string server_url;  // empty when it cannot be resolved
  std::string tenant_id;
  // Where server_url is empty: ServerNotFound, ServerNotGranted or ServerNotReady.
  std::string server_reason;
  std::string server_problem;  // names field, value and remedy
  AgentImages agents;          // the images that are injected
  std::string tenant_rule;     // the tenant, or kNamespaceAsTenant, as the revision counts it
  // The same policy at its kept revisions; its current one is among them when it is kept.
  std::vector<std::shared_ptr<const EffectivePolicy>> revisions;
  std::vector<std::string> reduced;  // revisions of overheadLadder() below this one, in order

  // Null when no such revision is kept.
  std::shared_ptr<const EffectivePolicy> at(std::string_view hash) const;
};

std::string_view policyKind(const EffectivePolicy& policy);

struct Revision;
using Revisions = std::vector<std::shared_ptr<const Revision>>;  // of one policy

// The part of a policy that ends up in pods, in canonical form. Its hash with the images is the
// revision; its key is the hash without them.
nlohmann::json contentOf(const EffectivePolicy& e);  // without images
nlohmann::json withImages(nlohmann::json content, const AgentImages& agents);
std::string contentHash(const nlohmann::json& content);
std::string contentKey(nlohmann::json content);

// "namespace/name" of the server that a policy points at; empty for spec.endpoint.
std::string serverKey(const ProfilingPolicy& policy);
std::string serverKey(const ClusterProfilingPolicy& policy);

// The images are `agents`, unless a kept revision of the same content has others: then those.
// `server` is the one that spec.serverRef names, null when it does not exist or spec.endpoint is
// used; `namespace_labels` are those of the policy's own namespace, for a grant by Selector.
EffectivePolicy makeEffective(const ProfilingPolicy& policy, const ProfilingServer* server,
                              const std::map<std::string, std::string>& namespace_labels,
                              const AgentImages& agents, const Revisions& revisions = {});

// A cluster policy as the pods of each namespace see it. The server's grant and, with tenancy, the
// tenant depend on the pod's namespace; the rest, including the revision, is the same everywhere,
// and namespaces that see the policy alike share one object. `server` must outlive it.
class ClusterEffective {
 public:
  ClusterEffective(const ClusterProfilingPolicy& policy, const ProfilingServer* server,
                   const AgentImages& agents, const Revisions& revisions = {});

  // For a namespace that the server admits, without a tenant of its own.
  const EffectivePolicy& common() const { return *admitted_; }
  const std::shared_ptr<const EffectivePolicy>& shared() const { return admitted_; }
  // spec.namespaceSelector.
  bool selects(const std::map<std::string, std::string>& namespace_labels) const;
  // False only when the server exists and its allowedNamespaces leaves the namespace out.
  bool admits(std::string_view namespace_,
              const std::map<std::string, std::string>& namespace_labels) const;
  std::shared_ptr<const EffectivePolicy> in(
      std::string_view namespace_,
      const std::map<std::string, std::string>& namespace_labels) const;

 private:
  const LabelSelector selector_;
  const ProfilingServer* server_;  // null with spec.endpoint as well
  std::shared_ptr<const EffectivePolicy> admitted_;
  std::shared_ptr<const EffectivePolicy> refused_;
};

// Whether `server` lets policies of `namespace_` point at it (spec.allowedNamespaces).
bool grants(const ProfilingServer& server, std::string_view namespace_,
            const std::map<std::string, std::string>& namespace_labels);

}  // namespace profiling::api
