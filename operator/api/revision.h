// Revisions: what a policy injects, frozen. Each is kept as an apps/v1 ControllerRevision that the
// policy owns (a cluster policy's in the operator's namespace), so that what is stable and what is
// the target survive restarts, and going back is exact. Pure.
//
// The agent images are part of a revision. Other images in the operator's configuration make no new
// one as long as the policy says the same, so that an upgrade of the operator restarts nothing; the
// annotation profiling.dev/refresh-agents takes today's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/api/effective.h"
#include "operator/base/status.h"

namespace profiling::api {

inline constexpr const char* kNamespaceAsTenant = "{namespace}";  // no tenant may hold braces
inline constexpr std::string_view kRevisionPolicyKey = "profiling.dev/policy-uid";  // a label

struct Revision {
  ObjectMeta metadata;
  std::string policy_uid;
  std::string hash;          // what the profiled label of its pods says
  std::string content_key;   // hash without the images
  std::int64_t number = 0;   // the newest has the highest
  ProfilingPolicySpec spec;  // what of it is injected; the rest is as in an empty policy
  std::string url, tenant;
  AgentImages agents;
};

// Of a ControllerRevision that this file made; kInvalidArgument for any other, one whose name or
// content was changed included, and for a content that this version cannot read.
Result<Revision> revisionFromJson(const nlohmann::json& object);

// The object for `policy` at its own revision. `namespace_`: where it is kept.
nlohmann::json revisionObject(const EffectivePolicy& policy, const std::string& namespace_,
                              std::int64_t number);
std::string revisionName(const EffectivePolicy& policy);

// `policy` as it was at `revision`: who is selected stays that of today, what is injected and where
// profiles go is the revision's. Null while the policy itself has no server.
std::shared_ptr<const EffectivePolicy> atRevision(const EffectivePolicy& policy,
                                                  const Revision& revision);

// The policy's target and, where overhead is bounded, the same with less and less profiled: what is
// tried next when it costs too much. [0] is the target itself.
std::vector<EffectivePolicy> overheadLadder(const EffectivePolicy& policy);

}  // namespace profiling::api
