// What a rollout tells of itself: events on its workloads, and figures.
#include "controllers/rollout/reconciler.h"

namespace profiling::controllers {
namespace {

using State = api::WorkloadState;

}  // namespace

// The story of a workload, as events on it.
void RolloutReconciler::tell(const std::string& policy, const Member& member,
                             const api::WorkloadRollout& before,
                             const api::WorkloadRollout& after) {
  if (before.verdict.result != after.verdict.result ||
      before.verdict.attribution != after.verdict.attribution) {
    const std::scoped_lock lock(mutex_);
    ++stats_.verdicts[std::string(api::verdictName(after.verdict.result)) + " " +
                      std::string(api::attributionName(after.verdict.attribution))];
  }
  if (before.state == after.state && before.step == after.step) return;
  const api::WorkloadRef& ref = member.record->status.workload_ref;
  const EventSubject subject{ref.api_version, ref.kind, member.record->metadata.namespace_,
                             ref.name, ref.uid};
  const std::string step = "step " + std::to_string(after.step) + " of " +
                           std::to_string(after.steps) + " to revision " + after.target_revision;
  const std::string because =
      after.reason.empty() ? std::string() : " (" + after.reason + "): " + after.message;
  const auto say = [&](bool warning, const char* reason, const std::string& note) {
    events_.record({subject, warning, reason, "Rollout", note + " · policy " + policy});
  };
  switch (after.state) {
    case State::kStepping:
      return say(false, "RolloutStepping", "profiling: " + step);
    case State::kSoaking:
      return say(false, "RolloutSoaking",
                 "profiling: " + step + " is reached and must stay healthy");
    case State::kComplete:
      return say(false, "RolloutComplete", "profiled with revision " + after.target_revision);
    case State::kPaused:
      return say(true, "RolloutPaused", "profiling is held at " + step + because);
    case State::kRollingBack:
      return say(true, "RolloutRollingBack", "profiling is undone" + because);
    case State::kRolledBack:
      return say(true, "RolloutRolledBack", "profiling was undone" + because);
    case State::kSkipped:
      if (after.reason == "Quarantined") say(true, "RolloutQuarantined", after.message);
      return;
    default:
      return;
  }
}

void RolloutReconciler::count(const std::string& policy, const engine::World& world,
                              const std::vector<engine::Change>& changes) {
  std::map<std::string, std::int64_t> states;
  std::map<std::size_t, State> changed;
  for (const engine::Change& change : changes) changed[change.workload] = change.record.state;
  for (std::size_t i = 0; i < world.workloads.size(); ++i) {
    const auto it = changed.find(i);
    const State state = it == changed.end() ? world.workloads[i].record.state : it->second;
    ++states[std::string(api::stateName(state))];
  }
  const std::scoped_lock lock(mutex_);
  states_[policy] = std::move(states);
}

RolloutStats RolloutReconciler::stats() const {
  const std::scoped_lock lock(mutex_);
  RolloutStats out = stats_;
  for (const auto& [policy, states] : states_) {
    for (const auto& [state, workloads] : states) out.workloads[state] += workloads;
  }
  return out;
}

}  // namespace profiling::controllers
