// Evaluates the pods of one workload under the policies. Pure.
//
// It calls the webhook's decision function with the stored fields of each pod, so that a record
// states what an admission would decide. Languages and conflicts need the whole pod and come from a
// preflight: one pod is read and planned, and the result holds for its template and the policy's
// revision.
//
// A pod whose turn in the rollout has not come is counted as waiting, not as missed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/pods/pod_group.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/inject/assignment.h"
#include "operator/inject/decision_json.h"
#include "operator/inject/inject.h"
#include "operator/inject/snapshot.h"

namespace profiling::controllers {

// The part of a workload that one policy decides about. Each pod is decided separately: different
// templates of a workload may match different policies.
struct PolicyShare {
  std::shared_ptr<const api::EffectivePolicy> policy;
  api::WorkloadPods pods;  // total: matched ones
  std::map<inject::Reason, std::int64_t> skipped;
  std::int64_t not_opted_in = 0;  // not matched: the policy waits for their annotation
};

// `loser` selects pods of the workload too, but `winner` has precedence.
struct Shadow {
  std::shared_ptr<const api::EffectivePolicy> loser, winner;
};

struct PreflightWanted {
  std::shared_ptr<const api::EffectivePolicy> policy;
  std::string template_hash;
  std::string pod;  // the pod to read
};

struct WorkloadEvaluation {
  std::vector<PolicyShare> shares;  // the one with the most pods first
  std::vector<Shadow> shadows;
  api::WorkloadPods pods;                          // of all shares; total: all live pods
  std::map<inject::Reason, std::int64_t> skipped;  // of all shares
  std::vector<api::Language> languages;            // of the agents in the profiled pods
  std::set<inject::Guess> guesses;                 // of the profiled pods
  std::optional<PreflightWanted> preflight_wanted;
  // The same for a preflight whose result depends on other objects of the namespace: no event of the
  // workload shows that they have changed.
  std::optional<PreflightWanted> preflight_again;

  // The share with the most matched pods, or null when no policy matches any.
  const PolicyShare* main() const;
};

WorkloadEvaluation evaluate(const PodGroup& group, const inject::NamespaceState& namespace_,
                            const std::optional<api::Preflight>& preflight,
                            const inject::Settings& settings,
                            const inject::Assignment* assignment = nullptr);

// Which pods would get an agent if the rollout assigned one.
struct MayCarry {
  std::vector<bool> classes;  // of the group
  bool one_pod = false;       // only one of them: it finds out what the image runs
};
MayCarry mayCarry(const PodGroup& group, const inject::NamespaceState& namespace_,
                  const std::optional<api::Preflight>& preflight, const inject::Settings& settings);

// Whether a reason means that the pod gets an agent.
bool injects(inject::Reason reason);

}  // namespace profiling::controllers
