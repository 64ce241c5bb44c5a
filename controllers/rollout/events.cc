// Events on workloads, as their rollouts advance.
#include "controllers/rollout/reconciler.h"
#include "operator/base/str_cat.h"

namespace profiling::controllers {

void RolloutReconciler::emitEvents(const std::string& policy, const Member& member,
                                   const api::WorkloadRollout& before,
                                   const api::WorkloadRollout& after) {
  using State = api::WorkloadState;
  if (before.state == after.state && before.step == after.step) return;
  const api::WorkloadRef& ref = member.record->status.workload_ref;
  const EventSubject subject{ref.api_version, ref.kind, member.record->metadata.namespace_,
                             ref.name, ref.uid};
  const std::string step =
      strCat("step ", after.step, " of ", after.steps, " to revision ", after.target_revision);
  const std::string because =
      after.reason.empty() ? "" : strCat(" (", after.reason.text(), "): ", after.message);
  const auto emit = [&](bool warning, const char* reason, const std::string& note) {
    events_.record({subject, warning, reason, "Rollout", strCat(note, " · policy ", policy)});
  };
  switch (after.state) {
    case State::kStepping:
      return emit(false, "RolloutStepping", "profiling: " + step);
    case State::kSoaking:
      return emit(false, "RolloutSoaking",
                  strCat("profiling: ", step, " is reached and must stay healthy"));
    case State::kComplete:
      return emit(false, "RolloutComplete", "profiled with revision " + after.target_revision);
    case State::kPaused:
      return emit(true, "RolloutPaused", strCat("profiling is held at ", step, because));
    case State::kRollingBack:
      return emit(true, "RolloutRollingBack", "profiling is undone" + because);
    case State::kRolledBack:
      return emit(true, "RolloutRolledBack", "profiling was undone" + because);
    case State::kSkipped:
      if (after.reason == api::RolloutReason::kQuarantined) {
        emit(true, "RolloutQuarantined", after.message);
      }
      return;
    default:
      return;
  }
}

}  // namespace profiling::controllers
