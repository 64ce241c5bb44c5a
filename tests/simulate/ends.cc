// Checks at the end of a schedule, and that the engine is a pure function.
#include <algorithm>
#include <map>
#include <numeric>

#include "tests/simulate/invariants.h"
#include "tests/simulate/observe.h"

namespace profiling::simulate {
namespace {

using State = api::WorkloadState;

struct Answered {
  api::WorkloadRollout record;
  std::string actions;
  bool operator==(const Answered&) const = default;
};

std::map<std::string, Answered> byKey(const engine::World& world, const engine::Decision& result) {
  std::map<std::string, Answered> out;
  for (const engine::Change& change : result.changes) {
    std::string actions = change.wants_owner ? "owner " : "";
    for (const engine::Action& a : change.actions) {
      actions += std::to_string(static_cast<int>(a.kind)) + a.pod + a.uid + a.token + " ";
    }
    out[world.workloads[change.workload].key] = {change.record, actions};
  }
  return out;
}

}  // namespace

void Invariants::checkPurity(const engine::Plan& plan, const engine::World& world,
                             const engine::Decision& result) {
  engine::World other = world;
  Random random(scenario_.seed, 30 + decisions_);
  std::vector<std::size_t> place(other.workloads.size());
  std::iota(place.begin(), place.end(), std::size_t{0});
  for (std::size_t i = other.workloads.size(); i > 1; --i) {
    const auto j = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)));
    std::swap(other.workloads[i - 1], other.workloads[j]);
    std::swap(place[i - 1], place[j]);
  }
  other.read_pods = [&](std::size_t i) { return world.podsOf(place[i]); };
  const engine::Decision again = decide_(plan, other);
  const auto first = byKey(world, result);
  const auto second = byKey(other, again);
  if (first == second && again.policy == result.policy && again.stable == result.stable &&
      again.again == result.again) {
    return;
  }
  std::size_t differing = scenario_.workloads.size();
  for (std::size_t i = 0; i < world.workloads.size(); ++i) {
    const auto a = first.find(world.workloads[i].key);
    const auto b = second.find(world.workloads[i].key);
    if ((a == first.end()) != (b == second.end()) || (a != first.end() && a->second != b->second)) {
      differing = i;
    }
  }
  std::string what;
  const auto describe = [](const std::optional<engine::Time>& t) {
    return t ? std::to_string(msOf(*t)) : std::string("never");
  };
  if (again.again != result.again) {
    what = ": call again at " + describe(result.again) + " or " + describe(again.again);
  }
  if (again.stable != result.stable) what = ": stable " + result.stable + " or " + again.stable;
  if (again.policy != result.policy) {
    what = ": policy " + std::string(result.policy.reason.text()) + " or " +
           std::string(again.policy.reason.text()) + " (" + again.policy.message + ")";
  }
  fail(Rule::kPure, differing, "the same world in another order leads to another decision" + what);
}

void Invariants::endOf(std::size_t workload, bool in_time) {
  const api::WorkloadRollout& r = store_.records[workload].rollout;
  const SimWorkload& w = cluster_.workloads()[workload];
  const WorkloadSpec& spec = *w.spec;
  const bool lonely = r.state == State::kSkipped && r.reason == api::RolloutReason::kSingleReplica;
  if (scenario_.healthy && r.state != State::kComplete && !lonely) {
    return fail(Rule::kProgress, workload,
                "nothing blocks the rollout, yet it is not complete: " +
                    std::string(r.reason.text()) + " " + r.message);
  }
  if (scenario_.healthy && !in_time) {
    return fail(Rule::kProgress, workload, "the rollout is complete but never settles");
  }
  const auto index = static_cast<std::int64_t>(workload);
  for (const SimPod& pod : w.pods) {
    if (pod.deleting || pod.revision.empty()) continue;
    const bool failing =
        std::any_of(scenario_.faults.begin(), scenario_.faults.end(), [&](const Fault& fault) {
          return fault.kind == Fault::Kind::kCrash && fault.revision == pod.revision &&
                 fault.hits(index, pod.revision, events_.now());
        });
    if (failing && pod.revision == r.target_revision &&
        pod.restarts > scenario_.plan.gates.max_restarts + 1 &&
        events_.now() - pod.created > kHour && r.state == State::kComplete &&
        !store_.plan.observes && !store_.records[workload].overrides.paused) {
      return fail(Rule::kBlame, workload,
                  pod.name() + " crashes because of its agent and is reported complete");
    }
    const bool hindered = w.budget_spent || spec.batch() || spec.unsupported ||
                          store_.records[workload].overrides.skip || store_.plan.observes;
    if (in_time && pod.revision == r.rejected_revision && r.state == State::kRolledBack &&
        r.restart_mode == api::RestartMode::kManaged &&
        r.reason != api::RolloutReason::kPodsRemain && !hindered) {
      return fail(Rule::kRejected, workload, pod.name() + " still carries " + pod.revision);
    }
  }
}

void Invariants::ended(bool in_time) {
  for (std::size_t i = 0; i < scenario_.workloads.size(); ++i) endOf(i, in_time);
}

}  // namespace profiling::simulate
