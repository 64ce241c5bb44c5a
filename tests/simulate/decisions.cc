// Checks each decision against the inputs it was made from.
#include <algorithm>

#include "tests/simulate/invariants.h"

namespace profiling::simulate {
namespace {

using State = api::WorkloadState;
using Kind = engine::Action::Kind;

bool windowOpen(const std::vector<engine::Window>& windows, engine::Time now) {
  constexpr Ms kDay = 24 * kHour;
  const Ms at = msOf(now) + 700 * kDay;  // also a Monday, and never negative
  return windows.empty() || std::any_of(windows.begin(), windows.end(), [&](const auto& w) {
           for (const Ms back : {Ms{0}, kDay}) {
             const Ms start = (at / kDay) * kDay - back + static_cast<Ms>(w.start.count());
             const auto day = static_cast<std::size_t>((at - back) / kDay % 7);
             if (w.days[day] && at >= start && at < start + static_cast<Ms>(w.length.count())) {
               return true;
             }
           }
           return false;
         });
}

bool has(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool undoing(const api::WorkloadRollout& r) {
  return r.state == State::kRollingBack || r.state == State::kRolledBack;
}

bool begun(const api::WorkloadRollout& r) {
  switch (r.state) {
    case State::kStepping:
    case State::kSoaking:
    case State::kEvaluating:
    case State::kComplete:
      return true;
    default:
      return false;
  }
}

bool spends(const engine::Plan& plan, const api::WorkloadRollout& r) {
  if (!has(plan.revisions, r.target_revision)) return false;
  return undoing(r) || (r.state == State::kPaused && r.verdict.result == api::Verdict::kFail &&
                        r.verdict.attribution != api::Attribution::kApplication);
}

}  // namespace

void Invariants::decided(const engine::Plan& plan, const engine::World& world,
                         const engine::Decision& result) {
  ++decisions_;
  now_ = world.now;
  std::int64_t failures = 0;
  for (const engine::Workload& w : world.workloads) failures += spends(plan, w.record) ? 1 : 0;
  for (const engine::Change& change : result.changes) {
    const Look look{plan, world, world.workloads[change.workload], change, change.workload};
    checkActions(look);
    checkStart(look, failures);
    checkShare(look);
    checkStep(look);
    checkBlame(look);
    checkQuarantine(look);
  }
  checkProbes(world, result);
  if (result.again && *result.again < world.now) {
    fail(Rule::kPure, scenario_.workloads.size(), "the engine asks to be called in the past");
  }
  if (decisions_ % 8 == 0) checkPurity(plan, world, result);
}

void Invariants::checkActions(const Look& look) {
  const api::WorkloadRollout& r = look.change.record;
  for (const engine::Action& action : look.change.actions) {
    const auto refuse = [&](const std::string& why) {
      fail(Rule::kForbidden, look.index, "an action on " + action.pod + action.token + " " + why);
    };
    const auto& pods = *look.workload.pods;
    const auto pod = std::find_if(pods.begin(), pods.end(),
                                  [&](const engine::Pod& p) { return p.uid == action.uid; });
    if (action.kind != Kind::kRolloutRestart) {
      if (pod == pods.end() || pod->deleting) return refuse("for a pod that does not exist");
      if (action.kind == Kind::kDelete && (pod->ready || !pod->failure)) {
        return refuse("deletes a pod that is not failing");
      }
      const auto on = std::count_if(pods.begin(), pods.end(), [&](const engine::Pod& p) {
        return !p.deleting && p.revision == r.assigned_revision;
      });
      const bool beyond = r.share && r.target_pods && on > *r.target_pods;
      if (pod->revision == r.assigned_revision && !beyond) {
        return refuse("evicts a pod that is already as wanted");
      }
    } else if (look.workload.owner &&
               (look.workload.owner->paused || look.workload.owner->on_delete)) {
      return refuse("restarts an owner that restarts nothing");
    }
    const bool run = look.workload.kind == "CronJob" && action.kind != Kind::kDelete;
    if (look.workload.unsupported || run) return refuse("on an unsupported kind");
    if (r.restart_mode == api::RestartMode::kNever) return refuse("in mode Never");
    if (r.restart_mode == api::RestartMode::kOnOwnerChange && action.kind != Kind::kDelete) {
      return refuse("in mode OnOwnerChange");
    }
    if (r.state == State::kRollingBack) continue;
    if (look.plan.paused) return refuse("while the policy is paused");
    if (look.plan.observes) return refuse("in mode Observe");
    if (!look.plan.available) return refuse("without a server");
    if (look.workload.overrides.paused || look.workload.overrides.skip)
      return refuse("against the user's override");
    if (!windowOpen(look.plan.windows, look.world.now)) return refuse("outside the windows");
  }
}

void Invariants::checkStart(const Look& look, std::int64_t failures) {
  const api::WorkloadRollout& before = look.workload.record;
  const api::WorkloadRollout& after = look.change.record;
  if (look.plan.immediate() || look.plan.revisions.empty()) return;
  const bool starts = has(look.plan.revisions, after.target_revision) && begun(after) &&
                      (!begun(before) || before.target_revision != after.target_revision) &&
                      !undoing(after) && before.state != State::kPaused;
  const bool gives = has(look.plan.revisions, after.target_revision) &&
                     after.assigned_revision == after.target_revision &&
                     after.assigned_revision != after.stable_revision &&
                     before.assigned_revision != after.assigned_revision;
  const bool remedy =
      !after.history.empty() && after.history.front().result == api::HistoryResult::kTooCostly;
  if (!(starts || (gives && !begun(before))) || remedy) return;
  if (failures >= look.plan.failure_budget) {
    fail(Rule::kFrozen, look.index,
         "the workload starts although " + std::to_string(failures) +
             " have failed and the budget is " + std::to_string(look.plan.failure_budget));
  }
  if (look.plan.paused)
    fail(Rule::kForbidden, look.index, "the workload starts while the policy is paused");
}

// Recomputes how many pods a step may move to the target.
void Invariants::checkShare(const Look& look) {
  const api::WorkloadRollout& before = look.workload.record;
  const api::WorkloadRollout& after = look.change.record;
  const auto step = static_cast<std::size_t>(after.step);
  if (after.state != State::kStepping || step == 0 || step > look.plan.pod_steps.size()) return;
  const std::int64_t percent = look.plan.pod_steps[step - 1];
  if (percent >= 100 || after.assigned_revision != after.target_revision) return;
  if (!after.target_pods) {
    return fail(Rule::kAssigned, look.index, "a partial step assigns the target to all pods");
  }
  if (after.target_pods == before.target_pods) return;
  std::int64_t size = look.workload.owner ? look.workload.owner->replicas : 0;
  size = std::max(size, static_cast<std::int64_t>(look.workload.pods->size()));
  const std::int64_t most = size <= 1 ? 1 : std::min((size * percent + 99) / 100, size - 1);
  if (*after.target_pods > most) {
    fail(Rule::kAssigned, look.index,
         std::to_string(*after.target_pods) + " pods may carry the target at " +
             std::to_string(percent) + " % of " + std::to_string(size));
  }
}

void Invariants::checkStep(const Look& look) {
  const api::WorkloadRollout& before = look.workload.record;
  const api::WorkloadRollout& after = look.change.record;
  const bool steps = before.step > 0 && after.step > before.step &&
                     after.target_revision == before.target_revision;
  const bool completes = after.state == State::kComplete && before.state != State::kComplete;
  if (!(steps || completes) || look.workload.kind == "CronJob") return;
  const std::string& target = after.target_revision;
  const std::string& promoted = look.plan.promoted;
  if (look.workload.overrides.approve == target || promoted == target) return;
  if (after.verdict.result != api::Verdict::kPass) {
    return fail(Rule::kSilence, look.index,
                "the rollout advances with the verdict " +
                    std::string(api::verdictName(after.verdict.result)) + " " +
                    std::string(after.verdict.reason.text()));
  }
  std::int64_t carry = 0;
  std::int64_t report = 0;
  std::int64_t sampled = 0;
  for (const engine::Pod& pod : *look.workload.pods) {
    if (pod.deleting || pod.revision != target) continue;
    ++carry;
    report += pod.reporting == true ? 1 : 0;
    sampled += pod.cpu_milli ? 1 : 0;
  }
  if (carry == 0)
    return fail(Rule::kSilence, look.index, "the rollout advances and no pod has the revision");
  if (look.plan.gates.profiles_within && report == 0) {
    return fail(Rule::kSilence, look.index, "the rollout advances and no profile has arrived");
  }
  if (look.plan.gates.max_cpu_percent && sampled == 0 && !after.overhead) {
    fail(Rule::kSilence, look.index, "the rollout advances and no pod's CPU is known");
  }
}

// Pods without the revision crash too, so the revision is not to blame.
void Invariants::checkBlame(const Look& look) {
  const api::WorkloadRollout& before = look.workload.record;
  const api::WorkloadRollout& after = look.change.record;
  if (after.state != State::kRollingBack || undoing(before)) return;
  if (after.reason == api::RolloutReason::kAborted || look.plan.revisions.empty()) return;
  bool own = false;
  for (const Fault& fault : scenario_.faults) {
    const auto index = static_cast<std::int64_t>(look.index);
    if (!fault.revision.empty() && fault.kind != Fault::Kind::kOverhead &&
        (fault.workload < 0 ? index % 3 == 0 : fault.workload == index)) {
      return;
    }
    own = own || (fault.revision.empty() && fault.workload == index &&
                  fault.kind == Fault::Kind::kCrash && fault.from <= events_.now());
  }
  const auto& pods = *look.workload.pods;
  const bool others = std::any_of(pods.begin(), pods.end(), [&](const engine::Pod& p) {
    return !p.deleting && p.revision != before.target_revision && !p.ready && p.failure;
  });
  if (own && others && after.verdict.reason != api::RolloutReason::kCpuOverhead) {
    fail(Rule::kBlame, look.index,
         "an application that crashes on its own is rolled back: " +
             std::string(after.verdict.reason.text()) + ", " + after.verdict.message);
  }
}

}  // namespace profiling::simulate
