// What the policies make of the pods of one workload. Pure.
//
// It calls the decision function that the webhook calls for a new pod, with what is kept of each
// pod, so that a record says what an admission would say. What that function cannot know without
// the whole pod (which languages, which conflicts) comes from a preflight: one pod is read and
// planned for, and the answer holds for its template and the policy's revision.
//
// A pod that the rollout has nothing for yet is not missed but waits.
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

// What one policy has of the workload. Deciding is by pod: different templates of a workload may
// meet different policies.
struct PolicyShare {
  std::shared_ptr<const api::EffectivePolicy> policy;
  api::WorkloadPods pods;  // total: matched ones
  std::map<inject::Reason, std::int64_t> skipped;
  std::int64_t not_opted_in = 0;  // not matched: the policy waits for their annotation
};

// `loser` selects pods of the workload, too, but `winner` has precedence.
struct Shadow {
  std::shared_ptr<const api::EffectivePolicy> loser, winner;
};

struct PreflightWanted {
  std::shared_ptr<const api::EffectivePolicy> policy;
  std::string template_hash;
  std::string pod;  // read this one
};

struct WorkloadEvaluation {
  std::vector<PolicyShare> shares;  // the one with the most pods first
  std::vector<Shadow> shadows;
  api::WorkloadPods pods;                          // of all shares; total: all that live
  std::map<inject::Reason, std::int64_t> skipped;  // of all shares
  std::vector<api::Language> languages;            // whose agents the profiled pods carry
  std::set<inject::Guess> guesses;                 // of the profiled pods
  std::optional<PreflightWanted> preflight_wanted;

  // The policy that has most of the matched pods, or null when none matches any.
  const PolicyShare* main() const;
};

WorkloadEvaluation evaluate(const PodGroup& group, const inject::NamespaceState& namespace_,
                            const std::optional<api::Preflight>& preflight,
                            const inject::Settings& settings,
                            const inject::Assignment* assignment = nullptr);

// By class of the group: whether a pod like that would get an agent, if the rollout had one for it.
std::vector<bool> mayCarry(const PodGroup& group, const inject::NamespaceState& namespace_,
                           const std::optional<api::Preflight>& preflight,
                           const inject::Settings& settings);

// Whether a reason means that an agent gets into the pod.
bool injects(inject::Reason reason);

}  // namespace profiling::controllers
