// Revisions: frozen copies of what a policy injects. Each is kept as an apps/v1 ControllerRevision
// that the policy owns (a cluster policy's in the operator's namespace), so that the stable and the
// target revision survive restarts and a rollback is exact. Pure.
//
// The agent images are part of a revision. Changed images in the operator's configuration create no
// new revision as long as the policy stays the same, so that an upgrade of the operator restarts
// nothing; the annotation profiling.dev/refresh-agents takes the current images.
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
  std::string hash;          // the value of the profiled label of its pods
  std::string content_key;   // hash without the images
  std::int64_t number = 0;   // the newest has the highest
  ProfilingPolicySpec spec;  // the injected part; the rest is as in an empty policy
  std::string url, tenant;
  AgentImages agents;
};

// Reads a ControllerRevision that this file made; kInvalidArgument for any other, for one whose
// name or content was changed, and for content that this version cannot read.
Result<Revision> revisionFromJson(const nlohmann::json& object);

// The object for `policy` at its own revision, to be kept in `namespace_`.
nlohmann::json revisionObject(const EffectivePolicy& policy, const std::string& namespace_,
                              std::int64_t number);
std::string revisionName(const EffectivePolicy& policy);

// `policy` as it was at `revision`: the selection stays the current one; the injection and the
// destination of profiles are the revision's. Null while the policy itself has no server.
std::shared_ptr<const EffectivePolicy> atRevision(const EffectivePolicy& policy,
                                                  const Revision& revision);

// The policy's target and, where overhead is bounded, variants with ever fewer profiles: the next
// one is tried when the overhead is too high. [0] is the target itself.
std::vector<EffectivePolicy> overheadLadder(const EffectivePolicy& policy);

}  // namespace profiling::api
