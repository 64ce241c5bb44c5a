// A policy together with what it resolves to: its server's URL and its revision. Both the webhook
// (to inject) and the controller (to report) need it, so it lives here. Pure.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "operator/api/v1alpha1/policy.h"
#include "operator/api/v1alpha1/server.h"

namespace profiling::api {

// Administrator's configuration: agent images never come from a custom resource.
struct AgentImage {
  std::string image;    // registry/name:tag or @digest
  std::string version;  // of the agent inside
};
using AgentImages = std::array<AgentImage, kLanguageCount>;  // by Language

// A policy as the admission path sees it: built once when something it depends on changes, then
// shared and immutable.
struct EffectivePolicy {
  ProfilingPolicy policy;
  std::string
      revision;  // 10 hex digits over the effective injection: images, env, sampling, tags, URL
  std::string server_url;  // empty when it cannot be resolved
  std::string tenant_id;
  std::string server_reason;   // CamelCase when server_url is empty: ServerNotFound,
                               // ServerNotGranted, ServerNotReady
  std::string server_problem;  // names field, value and remedy
};

// `server` is what spec.serverRef names, null when it is not there (or when spec.endpoint is used);
// `namespace_labels` are those of the policy's own namespace, which a grant by Selector looks at.
EffectivePolicy makeEffective(const ProfilingPolicy& policy, const ProfilingServer* server,
                              const std::map<std::string, std::string>& namespace_labels,
                              const AgentImages& agents);

// Whether `server` lets policies of `namespace_` point at it (spec.allowedNamespaces).
bool grants(const ProfilingServer& server, std::string_view namespace_,
            const std::map<std::string, std::string>& namespace_labels);

}  // namespace profiling::api
