#include "operator/inject/decide_pod.h"

#include <utility>

#include "operator/inject/assignment.h"
#include "operator/inject/decision_json.h"

namespace profiling::inject {
namespace {

void tell(PodOutcome& outcome, const std::vector<Warning>& warnings) {
  if (outcome.mode == api::PolicyMode::kObserve) return;
  for (const Warning& w : warnings) outcome.warnings.push_back(w.text);
}

// The revision that the rollout has for the pod's workload, or none.
void assignRevision(Decision& decision, const api::PodView& view, bool dry_run,
                    Assignments* assignments) {
  const Workload workload = workloadOf(view);
  const PodOfWorkload pod{view.namespace_, workload.kind, workload.name,
                          ordinalOf(workload.kind, view.name)};
  if (assignments != nullptr) decision.known = assignments->known(pod);
  if (const auto carried = carriedRevision(view)) {
    // A later pass, or a template that was exported from a running pod: it has its place already,
    // and what is there stays.
    if (auto same = decision.policy->at(*carried)) decision.policy = std::move(same);
    decision.replica = replicaOf(view.annotation(api::kDecisionKey).value_or(""));
    return;
  }
  RevisionChoice choice = assignments == nullptr
                              ? chooseRevision(decision.policy, nullptr, pod.ordinal, {})
                              : assignments->choose(pod, decision.policy, dry_run);
  decision.policy = std::move(choice.policy);
  if (decision.policy == nullptr) decision.reason = choice.reason;
  if (choice.counted) decision.replica = assignments->replica();
}

}  // namespace

Result<PodOutcome> decidePod(PodSource& source, api::PodView& pod, bool dry_run,
                             const Snapshot& snapshot, const Settings& settings,
                             Assignments* assignments) {
  const NamespaceState& state = snapshot.of(pod.namespace_);
  const api::NamespaceView namespace_ = state.view(pod.namespace_);
  PodOutcome outcome;
  Decision& decision = outcome.decision;

  if (auto status = source.decodeMetadata(pod); !status.ok()) return status;
  decision = decide(pod, namespace_, state.policies, settings);
  outcome.reason = decision.reason;
  outcome.mode = decision.mode;
  if (decision.policy == nullptr && !decision.opted_in) {
    tell(outcome, decision.warnings);
    return outcome;
  }
  std::string problem;
  if (auto status = source.decodeSpec(pod, problem); !status.ok()) return status;
  if (!problem.empty()) {
    outcome.reason = Reason::kMalformedPod;
    tell(outcome, {{"profiling.dev: the pod is not profiled: " + problem}});
    return outcome;
  }
  if (!pod.priority_class.empty()) {
    decision = decide(pod, namespace_, state.policies, settings);
    outcome.mode = decision.mode;
  }
  if (decision.policy != nullptr && decision.mode == api::PolicyMode::kEnforce) {
    assignRevision(decision, pod, dry_run, assignments);
  }
  decision.bounds = state.bounds;
  outcome.plan = planInjection(decision, pod, settings);
  outcome.reason = outcome.plan.reason;
  outcome.patch = renderPatch(outcome.plan, pod, settings);
  tell(outcome, outcome.plan.warnings);
  return outcome;
}

}  // namespace profiling::inject
