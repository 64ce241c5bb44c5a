// What most states wait for and lead to; the others are in preflight.cc, stepping.cc and undo.cc.
#include <algorithm>

#include "controllers/engine/machine_impl.h"

namespace profiling::engine {
namespace {

using State = api::WorkloadState;
using api::Attribution;
using api::HistoryResult;
using api::RolloutReason;
using api::Verdict;

constexpr Duration kSkippedAgain{std::chrono::minutes(10)};
constexpr Duration kSkippedLook{std::chrono::minutes(1)};  // the time each look takes
constexpr Duration kHeldLook{std::chrono::minutes(1)};

}  // namespace

void Machine::pending() {
  if (r_.rejected_revision == r_.target_revision && !r_.rejected_revision.empty()) {
    assign(r_.stable_revision);
    enter(State::kRolledBack, RolloutReason::kRejected, "the revision failed here before");
    return;
  }
  if (!in_turn_) {
    assign(r_.stable_revision);
    wait(RolloutReason::kNotYet, "its turn in the rollout has not come");
    return;
  }
  enter(State::kPreflight);
}

void Machine::soaking() {
  if (!healthy() || scaledToZero()) return;
  const Counts c = counts(r_.target_revision);
  if (c.on < goal() && c.deleting == 0 && !jobs()) {
    enter(State::kStepping, RolloutReason::kPodsMissing, "pods that had the revision are gone");
    if (!takeSlot()) enter(State::kPreflight, RolloutReason::kQueued, "other workloads come first");
    return;
  }
  const Time end = timeOf(r_.since) + (promotedFully() ? Duration(0) : plan_.soak);
  if (now_ < end) {
    r_.reason = RolloutReason::kSoaking;
    r_.message.clear();
    again(end);
    return;
  }
  enter(State::kEvaluating);
}

void Machine::evaluating() {
  if (scaledToZero()) return;
  const GateResult result = judge(true);
  again(result.again);
  const Verdict verdict = result.verdict.result;
  if (verdict == Verdict::kFail && result.verdict.attribution == Attribution::kAgent) {
    fail(result);
    return;
  }
  if (verdict == Verdict::kPass || approved()) {
    take(result);
    advanceStep();
    return;
  }
  if (verdict == Verdict::kFail) {
    hold(result);
    return;
  }
  if (verdict != Verdict::kNone) take(result);
  wait(result.verdict.reason, result.verdict.message);
  const Time deadline = timeOf(r_.since) + plan_.progress_deadline;
  if (now_ < deadline) {
    again(deadline);
    return;
  }
  // An outage of a gate's source says nothing about the agent: it never rolls back.
  if (plan_.gates.on_inconclusive == api::OnInconclusive::kRollBack && verdict != Verdict::kError) {
    rollBack(result.verdict.reason, result.verdict.message, HistoryResult::kRolledBack);
    return;
  }
  hold(result);
  if (verdict == Verdict::kNone) r_.verdict.result = Verdict::kInconclusive;
}

void Machine::advanceStep() {
  r_.restart_attempts = 0;
  if (r_.probe) {
    // What one pod has proven is cleared for all; this workload begins with its first step.
    r_.probe = false;
    clearQuarantine();
    enter(State::kPreflight);
    return;
  }
  if (lastStep()) {
    r_.quarantine.clear();
    if (r_.share) {
      // The other pods stay as they were, so the stable revision stays too.
      remember(HistoryResult::kComplete, RolloutReason::kSmallerShare);
      enter(State::kComplete);
      return;
    }
    if (r_.stable_revision != r_.target_revision) remember(HistoryResult::kComplete, {});
    r_.stable_revision = r_.target_revision;
    assign(r_.target_revision);
    enter(State::kComplete);
    return;
  }
  r_.step = promotedFully() ? static_cast<std::int64_t>(plan_.pod_steps.size()) : r_.step + 1;
  enter(State::kPreflight);
}

void Machine::complete() {
  if (!healthy()) return;
  if (r_.share) {
    shareOut();
    wait(RolloutReason::kSmallerShare,
         strCat(*r_.share, " % of its pods are profiled: in all of them it would cost too much"));
    if (counts(r_.target_revision).on >= goal()) return;
  } else {
    assign(r_.target_revision);
  }
  if (!managed()) return;
  if (triesForNothing() > 0 && !tryIsDue()) return again(timeOf(r_.replacements->next));
  const auto missed = [&](const Pod* pod) { return now_ - pod->created >= 2 * kSettleTime; };
  const std::vector<const Pod*> off = candidates(*pods_, r_.target_revision, partition());
  if (std::none_of(off.begin(), off.end(), missed)) {
    if (!off.empty()) again(now_ + 2 * kSettleTime);
    if (!r_.share && !r_.reason.empty()) wait({}, {});
    return;
  }
  if (w_.kind == "StatefulSet" && !w_.owner) {
    wants_owner_ = true;  // pods below its partition are not ours to repair
    return;
  }
  enter(State::kPreflight, RolloutReason::kRepair,
        "pods started without the agent while the webhook was away");
}

void Machine::paused() {
  const GateResult result = judge(true);
  again(result.again);
  const bool fails = result.verdict.result == Verdict::kFail;
  if (fails && result.verdict.attribution == Attribution::kAgent && !plan_.pause_on_failure) {
    fail(result);
    return;
  }
  const bool was_failure = r_.verdict.result == Verdict::kFail;
  // Held because nothing moved: a verdict on the running pods says nothing about that.
  const bool stuck = r_.reason == RolloutReason::kProgressDeadlineExceeded ||
                     r_.reason == RolloutReason::kGitOpsConflict || triesForNothing() > 0;
  const bool hindered = heldByObstacle(r_);
  if (hindered && managed() && !w_.owner) {
    wants_owner_ = true;
    return;
  }
  const Counts c = counts(r_.target_revision);
  const bool reached = c.on_ready >= goal();
  // Until the policy lets it try again, its record goes on to state its own reason.
  bool due = tryIsDue();
  if (const auto later = due && !reached ? policyWaitsUntil() : std::nullopt) {
    again(later);
    due = false;
  }
  const bool cleared = hindered ? !fails && ((reached && c.total > 0) || !obstacleLasts())
                       : stuck  ? (reached || due) && !fails
                                : (was_failure ? !fails : result.verdict.result == Verdict::kPass);
  const bool fruitless = triesForNothing() > 0;  // approval is about a verdict on running pods
  if (fruitless) again(timeOf(r_.replacements->next));
  if (forgiven() || (approved() && !fruitless) || cleared) {
    if (forgiven() || approved()) r_.quarantine.clear();
    if (forgiven() || reached) r_.replacements.reset();
    r_.restart_attempts = 0;
    r_.verdict = {};
    if (due && !reached) ++budget_.awaited;  // others wait for what comes of it
    enter(r_.step > 0 && reached ? State::kEvaluating : State::kPreflight);
    return;
  }
  if (fails && !was_failure) hold(result);
}

// Looks whether what holds the workload is still there; the record states what holds it now.
bool Machine::obstacleLasts() {
  if (!managed()) return false;
  again(now_ + kHeldLook);
  const auto against = ownObstacle();
  if (against && against->reason != r_.reason) holdFor(*against);
  return against.has_value();
}

void Machine::skipped() {
  const bool by_user = r_.reason == RolloutReason::kSkippedByUser;
  if (by_user && w_.overrides.skip) return;
  // Pods that started before their image was known carry the agent: they are judged as they are.
  const bool quarantined = r_.reason == RolloutReason::kQuarantined;
  if (quarantined && counts(r_.target_revision).on > 0 && !healthy()) return;
  if (w_.unsupported) {
    if (r_.reason != w_.unsupported_reason) wait(w_.unsupported_reason, {});
    return;
  }
  // What the webhook would have answered is known without a look, and is different now.
  const bool answer_changed = !r_.reason.empty() && !r_.reason.value();
  if (!by_user && !forgiven() && !answer_changed) {
    const bool without =
        r_.reason == RolloutReason::kNoPods || r_.reason == RolloutReason::kPodsMissing;
    if (without && counts({}).total == 0) return;
    if (r_.reason != RolloutReason::kNoPods) {
      // Evaluated every kSkippedAgain, and written only when something has changed.
      const auto waited = std::chrono::duration_cast<Duration>(now_ - timeOf(r_.since));
      const auto looks = waited / kSkippedAgain;
      again(timeOf(r_.since) + (looks + 1) * kSkippedAgain);
      if (looks < 1 || waited % kSkippedAgain >= kSkippedLook) return;
      const auto against = obstacle();
      if (wants_owner_ || (against && (against->skip || against->reason == r_.reason))) return;
    }
  }
  enter(State::kPending);
}

}  // namespace profiling::engine
