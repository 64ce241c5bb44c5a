#include "webhooks/decide_pod.h"

#include <utility>

#include "webhooks/inject/assignment.h"
#include "webhooks/inject/decision_json.h"

namespace profiling::webhooks {
namespace {

void tell(PodOutcome& outcome, const std::vector<inject::Warning>& warnings) {
  if (outcome.mode == api::PolicyMode::kObserve) return;
  for (const inject::Warning& w : warnings) outcome.warnings.push_back(w.text);
}

// The revision that the rollout has for the pod's workload, or none.
void assignRevision(inject::Decision& decision, const admission::Review& review,
                    RolloutTable* rollouts) {
  const inject::Workload workload = inject::workloadOf(review.pod);
  const PodOfWorkload pod{review.namespace_, workload.kind, workload.name,
                          inject::ordinalOf(workload.kind, review.pod.name)};
  if (rollouts != nullptr) decision.known = rollouts->known(pod);
  if (const auto carried = inject::carriedRevision(review.pod)) {
    // A later pass, or a template that was exported from a running pod: it has its place already,
    // and what is there stays.
    if (auto same = decision.policy->at(*carried)) decision.policy = std::move(same);
    decision.replica = inject::replicaOf(review.pod.annotation(api::kDecisionKey).value_or(""));
    return;
  }
  inject::RevisionChoice choice =
      rollouts == nullptr ? inject::chooseRevision(decision.policy, nullptr, pod.ordinal, {})
                          : rollouts->choose(pod, decision.policy, review.dry_run);
  decision.policy = std::move(choice.policy);
  if (decision.policy == nullptr) decision.reason = choice.reason;
  if (choice.counted) decision.replica = rollouts->replica();
}

}  // namespace

Result<PodOutcome> decidePod(admission::ReviewDecoder& decoder, admission::Review& review,
                             const inject::Snapshot& snapshot, const inject::Settings& settings,
                             RolloutTable* rollouts) {
  const inject::NamespaceState& state = snapshot.of(review.namespace_);
  const api::NamespaceView namespace_ = state.view(review.namespace_);
  PodOutcome outcome;
  inject::Decision& decision = outcome.decision;

  if (auto status = decoder.decodeMetadata(review.pod); !status.ok()) return status;
  decision = inject::decide(review.pod, namespace_, state.policies, settings);
  outcome.reason = decision.reason;
  outcome.mode = decision.mode;
  if (decision.policy == nullptr && !decision.opted_in) {
    tell(outcome, decision.warnings);
    return outcome;
  }
  std::string problem;
  if (auto status = decoder.decodeSpec(review.pod, problem); !status.ok()) return status;
  if (!problem.empty()) {
    outcome.reason = inject::Reason::kMalformedPod;
    tell(outcome, {{"profiling.dev: the pod is not profiled: " + problem}});
    return outcome;
  }
  if (!review.pod.priority_class.empty()) {
    decision = inject::decide(review.pod, namespace_, state.policies, settings);
    outcome.mode = decision.mode;
  }
  if (decision.policy != nullptr && decision.mode == api::PolicyMode::kEnforce) {
    assignRevision(decision, review, rollouts);
  }
  decision.bounds = state.bounds;
  outcome.plan = inject::planInjection(decision, review.pod, settings);
  outcome.reason = outcome.plan.reason;
  outcome.patch = inject::renderPatch(outcome.plan, review.pod, settings);
  tell(outcome, outcome.plan.warnings);
  return outcome;
}

}  // namespace profiling::webhooks
