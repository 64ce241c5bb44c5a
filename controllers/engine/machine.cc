#include "controllers/engine/machine.h"

#include <algorithm>

#include "controllers/engine/machine_impl.h"

namespace profiling::engine {
namespace {

using State = api::WorkloadState;
using api::Attribution;
using api::HistoryResult;
using api::RolloutReason;
using api::Verdict;

// A verdict's time is set only when one of these changes, so that a record is not written at every
// evaluation.
bool sameVerdict(const api::GateVerdict& a, const api::GateVerdict& b) {
  return a.result == b.result && a.attribution == b.attribution && a.reason == b.reason;
}

}  // namespace

bool failed(const Plan& plan, const api::WorkloadRollout& r) {
  if (!contains(plan.revisions, r.target_revision)) return false;
  if (r.state == State::kRollingBack || r.state == State::kRolledBack) return true;
  return r.state == State::kPaused && r.verdict.result == Verdict::kFail &&
         r.verdict.attribution != Attribution::kApplication;
}

bool concluded(const Plan& plan, const api::WorkloadRollout& r) {
  if (r.reason == RolloutReason::kPausedByUser) return true;
  if (!contains(plan.revisions, r.target_revision)) return r.state == State::kSkipped;
  switch (r.state) {
    case State::kComplete:
    case State::kSkipped:
    case State::kRolledBack:
      return true;
    case State::kPaused:
      return r.verdict.result == Verdict::kFail || heldByObstacle(r);
    default:
      return false;
  }
}

Change advance(const Plan& plan, const World& world, std::size_t index, bool in_turn,
               Budget& budget) {
  return Machine(plan, world, index, in_turn, budget).run();
}

Change Machine::run() {
  Change change;
  change.workload = index_;
  if (plan_.revisions.empty()) {
    withoutPolicy();
  } else {
    r_.restart_mode = plan_.mode;
    r_.max_unavailable = plan_.max_unavailable;
    r_.steps = static_cast<std::int64_t>(plan_.pod_steps.size());
    retarget();
    if (!finishing_) transition();
  }
  change.record = std::move(r_);
  change.differs = change.record != w_.record;
  change.actions = std::move(actions_);
  change.wants_owner = wants_owner_;
  return change;
}

// A new target: pods under way are finished first, unless they do harm.
void Machine::retarget() {
  const auto& revisions = plan_.revisions;
  const auto known = std::find(revisions.begin(), revisions.end(), r_.target_revision);
  const std::string wanted = !w_.overrides.pin.empty()  ? w_.overrides.pin
                             : known == revisions.end() ? revisions.front()
                                                        : r_.target_revision;
  if (r_.target_revision == wanted) return;
  if (restarting(r_)) {
    if (!w_.owner) {
      wants_owner_ = true;
      return;
    }
    const bool moving =
        // The watch may not show an eviction yet.
        (!r_.last_restart.empty() && now_ - timeOf(r_.last_restart) < kSettleTime) ||
        inTheGap(counts(r_.target_revision)) || rollsForUs() ||
        std::any_of(pods_->begin(), pods_->end(), [&](const Pod& pod) {
          return pod.deleting || (pod.revision == r_.target_revision && !pod.ready && !pod.failure);
        });
    const bool late = now_ - timeOf(r_.since) > plan_.progress_deadline;
    if (moving && !late && judge(false).verdict.result != Verdict::kFail) {
      wait(RolloutReason::kSuperseded,
           "the pods that are being replaced come first; then revision " + wanted);
      finishing_ = true;
      again(now_ + kSettleTime);
      return;
    }
  }
  if (r_.state != State::kPending && r_.state != State::kComplete &&
      r_.state != State::kRolledBack && r_.state != State::kSkipped) {
    remember(HistoryResult::kSuperseded, RolloutReason::kNewRevision);
  }
  // Pods that were not undone yet are replaced by the step to the new revision.
  r_.target_revision = wanted;
  r_.step = 0;
  r_.reduction = 0;
  r_.share.reset();
  r_.probe = false;
  r_.restart_attempts = 0;
  r_.replacements.reset();
  r_.started.clear();
  r_.verdict = {};
  r_.baseline.reset();
  r_.overhead.reset();
  enter(State::kPending);
}

void Machine::transition() {
  if (r_.since.empty()) r_.since = timeText(now_);
  // Each state may lead to the next at once; the bound only guards against a loop.
  for (int i = 0; i < 12; ++i) {
    const State before = r_.state;
    const std::int64_t step = r_.step;
    if (w_.overrides.skip && r_.state != State::kSkipped && r_.state != State::kRollingBack) {
      assign(r_.stable_revision);
      enter(State::kSkipped, RolloutReason::kSkippedByUser, "spec.skip of this record is true");
      return;
    }
    if (abortWanted()) {
      rollBack(RolloutReason::kAborted,
               "the rollout of revision " + r_.target_revision + " was aborted",
               HistoryResult::kAborted);
    }
    if (w_.overrides.paused && r_.state != State::kRollingBack && r_.state != State::kRolledBack) {
      wait(RolloutReason::kPausedByUser, "spec.paused of this record is true");
      return;
    }
    if (r_.reason == RolloutReason::kPausedByUser) wait({}, {});
    switch (r_.state) {
      case State::kPending:
        pending();
        break;
      case State::kPreflight:
        preflight();
        break;
      case State::kBaselining:
        baselining();
        break;
      case State::kStepping:
        stepping();
        break;
      case State::kSoaking:
        soaking();
        break;
      case State::kEvaluating:
        evaluating();
        break;
      case State::kPaused:
        paused();
        break;
      case State::kRollingBack:
        rollingBack();
        break;
      case State::kRolledBack:
        rolledBack();
        break;
      case State::kComplete:
        complete();
        break;
      case State::kSkipped:
        skipped();
        break;
    }
    if ((r_.state == before && r_.step == step) || wants_owner_ || !actions_.empty()) return;
  }
}

void Machine::enter(State state, Reason reason, std::string message) {
  if (state == State::kPending || state == State::kSkipped) r_.probe = false;
  r_.state = state;
  r_.reason = std::move(reason);
  r_.message = std::move(message);
  r_.since = timeText(now_);
}

void Machine::wait(Reason reason, std::string message, std::optional<Time> when) {
  r_.reason = std::move(reason);
  r_.message = std::move(message);
  again(when);
}

void Machine::assign(const std::string& revision) {
  r_.assigned_revision = revision;
  r_.target_pods.reset();
  r_.first_ordinal.reset();
}

void Machine::remember(HistoryResult result, const Reason& reason) {
  r_.history.insert(r_.history.begin(), {r_.target_revision, result, reason, timeText(now_)});
  if (r_.history.size() > api::kMaxHistory) r_.history.resize(api::kMaxHistory);
}

bool Machine::takeSlot() {
  if (!managed() || budget_.acts[index_]) return true;
  if (budget_.slots <= 0) return false;
  --budget_.slots;
  budget_.acts[index_] = true;
  return true;
}

GateResult Machine::judge(bool everything) const {
  const GateInput input{plan_.gates,
                        *pods_,
                        r_.target_revision,
                        r_.baseline,
                        world_.sources,
                        now_,
                        timeOf(r_.since),
                        r_.overhead.has_value(),
                        trueShare(r_.share.value_or(100))};
  return everything ? evaluateGates(input) : checkHealth(input);
}

void Machine::take(const GateResult& result) {
  if (result.overhead) r_.overhead = result.overhead;
  if (sameVerdict(r_.verdict, result.verdict)) return;
  r_.verdict = result.verdict;
  r_.verdict.time = timeText(now_);
}

void Machine::hold(const GateResult& result) {
  take(result);
  enter(State::kPaused, result.verdict.reason, result.verdict.message);
}

bool Machine::healthy() {
  const GateResult result = judge(false);
  again(result.again);
  if (result.verdict.result != Verdict::kFail) return true;
  if (result.verdict.attribution != Attribution::kAgent && approved()) return true;
  if (result.verdict.attribution == Attribution::kAgent) {
    fail(result);
  } else {
    hold(result);
  }
  return false;
}

}  // namespace profiling::engine
