// Rollout metrics.
#include "controllers/rollout/reconciler.h"
#include "operator/base/str_cat.h"

namespace profiling::controllers {

void RolloutReconciler::countVerdict(const api::WorkloadRollout& before,
                                     const api::WorkloadRollout& after) {
  if (before.verdict.result == after.verdict.result &&
      before.verdict.attribution == after.verdict.attribution) {
    return;
  }
  const MutexLock lock(mutex_);
  ++stats_.verdicts[strCat(api::verdictName(after.verdict.result), " ",
                           api::attributionName(after.verdict.attribution))];
}

void RolloutReconciler::count(const std::string& policy, const engine::World& world,
                              const std::vector<engine::Change>& changes) {
  std::map<std::string, std::int64_t> states;
  std::map<std::size_t, api::WorkloadState> changed;
  for (const engine::Change& change : changes) changed[change.workload] = change.record.state;
  for (std::size_t i = 0; i < world.workloads.size(); ++i) {
    const auto it = changed.find(i);
    const auto state = it == changed.end() ? world.workloads[i].record.state : it->second;
    ++states[std::string(api::stateName(state))];
  }
  const MutexLock lock(mutex_);
  states_[policy] = std::move(states);
}

RolloutStats RolloutReconciler::stats() const {
  const MutexLock lock(mutex_);
  RolloutStats out = stats_;
  for (const auto& [policy, states] : states_) {
    for (const auto& [state, workloads] : states) out.workloads[state] += workloads;
  }
  return out;
}

}  // namespace profiling::controllers
