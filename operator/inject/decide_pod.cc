#include "operator/inject/decide_pod.h"

#include <algorithm>
#include <utility>

#include "operator/inject/decision_json.h"
#include "operator/inject/pod_reading.h"

namespace profiling::inject {
namespace {

PodOutcome outcomeOf(Reason reason, Decision decision, const std::vector<Warning>& warnings) {
  PodOutcome out;
  out.reason = reason;
  out.mode = decision.mode();
  out.decision = std::move(decision);
  if (out.mode == api::PolicyMode::kObserve) return out;
  for (const Warning& w : warnings) out.warnings.push_back(w.text);
  return out;
}

std::string_view ownerUid(const api::PodView& pod) {
  std::string_view uid;
  for (const api::OwnerView& owner : pod.owners) {
    if (owner.controller) uid = owner.uid;
  }
  return uid;
}

// The revision that the rollout has for the pod's workload, or none.
Assigned assignRevision(const Decision& decision, const PodReading& reading,
                        const PodOfWorkload& pod, bool dry_run, Assignments* assignments) {
  if (const auto carried = reading.carriedRevision()) {
    // A later pass, or a template that was exported from a running pod: the pod has its place, and
    // keeps the agents that it carries.
    const auto same = decision.chosen->at(*carried);
    return {same == nullptr ? decision.chosen : same, Reason::kInjected,
            std::string(replicaOf(reading.pod.annotation(api::kDecisionKey).value_or("")))};
  }
  RevisionChoice choice = assignments == nullptr
                              ? chooseRevision(decision.chosen, nullptr, pod.ordinal, {})
                              : assignments->choose(pod, decision.chosen, dry_run);
  return {std::move(choice.policy), choice.reason,
          choice.counted ? assignments->replica() : std::string()};
}

// Pods that carry an agent already keep it: they would be refused with or without a further pass.
Refused refusedBefore(Breakers* breakers, const PodReading& reading, const PodOfWorkload& member) {
  if (breakers == nullptr || reading.carriedRevision() || member.owner_uid.empty()) {
    return Refused::kNo;
  }
  return breakers->refused(member.namespace_, member.owner_uid, member.template_hash);
}

bool needsUnpullable(const Breakers* breakers, const PodReading& reading,
                     const InjectionPlan& plan) {
  if (breakers == nullptr || reading.carriedRevision()) return false;
  const auto out = [&](std::string_view image) {
    return breakers->unpullable(reading.pod.namespace_, image);
  };
  return (plan.sidecar && out(plan.sidecar->image)) ||
         std::ranges::any_of(plan.init_containers,
                             [&](const InitContainerPlan& c) { return out(c.image); });
}

// The containers of the plan for which nothing says what they run.
std::vector<Guess> findsOf(const InjectionPlan& plan) {
  std::vector<Guess> out;
  for (const ContainerDecision& c : plan.decisions) {
    if (c.injected() && c.finds_language) {
      out.push_back({std::string(c.container), c.guess, c.guessed_version});
    }
  }
  return out;
}

// Plans anew without guessed agents where another pod carries them already.
void leaveToOnePod(InjectionPlan& plan, const Decision& decision, Assigned& assigned,
                   const PodReading& reading, const PodOfWorkload& member, bool dry_run,
                   const Settings& settings, const Surroundings& around, Assignments& assignments) {
  if (decision.mode() != api::PolicyMode::kEnforce || reading.carriedRevision()) return;
  const std::vector<Guess> finds = findsOf(plan);
  if (finds.empty() || assignments.mayFindLanguage(member, finds, dry_run)) return;
  assigned.finds_language = false;
  plan = planInjection(decision, assigned, reading, settings, around);
  const bool injected = std::ranges::any_of(plan.decisions, &ContainerDecision::injected);
  if (!injected && !assigned.replica.empty() && !dry_run) assignments.giveBack(member);
}

}  // namespace

Result<PodOutcome> decidePod(PodSource& source, api::PodView& pod, bool dry_run,
                             const Snapshot& snapshot, const Settings& settings,
                             Assignments* assignments, const ClusterState* cluster,
                             Breakers* breakers) {
  const NamespaceState& state = snapshot.of(pod.namespace_);
  if (auto status = source.decodeMetadata(pod); !status.ok()) return status;
  const Workload workload = workloadOf(pod);
  Decision decision = decide(pod, workload, state.view(pod.namespace_), state.policies, settings);
  const bool injects = decision.reason == Reason::kInjected;
  if (!injects && !decision.opted_in) {
    const Reason reason = decision.reason;
    std::vector<Warning> warnings = decision.warnings;
    return outcomeOf(reason, std::move(decision), warnings);
  }
  std::string problem;
  if (auto status = source.decodeSpec(pod, problem); !status.ok()) return status;
  if (!problem.empty()) {
    return outcomeOf(Reason::kMalformedPod, std::move(decision),
                     {{"profiling.dev: the pod is not profiled: " + problem}});
  }
  // The priority class comes with the spec. Nothing else of the decision depends on the spec.
  if (isCritical(pod)) {
    return outcomeOf(Reason::kCriticalPod, {.reason = Reason::kCriticalPod}, {});
  }

  const bool assigns = injects && decision.mode() == api::PolicyMode::kEnforce;
  const PodOfWorkload member{pod.namespace_, workload.kind,
                             workload.name,  ordinalOf(workload.kind, pod.name),
                             ownerUid(pod),  workload.template_hash};
  const PodReading reading(
      pod, workload, OwnImages(pod, settings, decision.chosen.get()),
      assigns && assignments != nullptr ? assignments->known(member) : nullptr);
  const Refused before = assigns ? refusedBefore(breakers, reading, member) : Refused::kNo;
  if (before == Refused::kWithoutAgent) {
    return outcomeOf(Reason::kPodRefused, std::move(decision), {});
  }
  Assigned assigned = before == Refused::kWithAgent ? Assigned{nullptr, Reason::kPodRefused}
                      : assigns ? assignRevision(decision, reading, member, dry_run, assignments)
                                : assignedAsDecided(decision);
  Surroundings around{{state.bounds.get(), nullptr}, nullptr};
  if (cluster != nullptr) {
    around.room.quotas = cluster->quotas(pod.namespace_);
    around.nodes = cluster->nodes();
  }
  InjectionPlan plan = planInjection(decision, assigned, reading, settings, around);
  if (assigns && needsUnpullable(breakers, reading, plan)) {
    assigned = {nullptr, Reason::kAgentImageUnavailable};
    plan = planInjection(decision, assigned, reading, settings, around);
  }
  if (assignments != nullptr) {
    leaveToOnePod(plan, decision, assigned, reading, member, dry_run, settings, around,
                  *assignments);
  }
  PodOutcome outcome = outcomeOf(plan.reason, std::move(decision), plan.warnings);
  outcome.assigned = std::move(assigned);
  outcome.patch = renderPatch(plan, pod, settings);
  outcome.plan = std::move(plan);
  return outcome;
}

}  // namespace profiling::inject
