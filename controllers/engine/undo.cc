// Rolls back: the revision failed or was aborted, or the policy is gone.
#include <algorithm>

#include "controllers/engine/machine_impl.h"

namespace profiling::engine {
namespace {

using api::HistoryResult;
using api::RolloutReason;

constexpr Duration kUndoPoll{std::chrono::seconds(5)};
constexpr Duration kUndoAgain{std::chrono::minutes(10)};
constexpr Duration kPolicyGoneGrace{std::chrono::minutes(1)};

bool broken(const Pod& pod) {
  return !pod.ready && pod.failure.has_value();
}

}  // namespace

// The revision before the target: the stable one, or the one before that when the target has become
// the stable one meanwhile. Empty: no agent.
std::string Machine::stableBefore() const {
  const auto rejected = [&](const std::string& revision) {
    return contains(plan_.revisions, revision) || revision == r_.target_revision;
  };
  if (!rejected(r_.stable_revision)) return r_.stable_revision;
  for (const api::RolloutHistory& h : r_.history) {
    if (h.result == HistoryResult::kComplete && !rejected(h.revision)) return h.revision;
  }
  return {};
}

std::int64_t Machine::trueShare(std::int64_t share) const {
  const std::int64_t total = counts(r_.target_revision).total;
  if (share >= 100 || total == 0) return 100;
  return (podsOfStep(total, share) * 100 + total - 1) / total;
}

// The largest share of the pods that keeps the workload as a whole within the budget.
std::optional<std::int64_t> Machine::smallerShare() const {
  if (!r_.overhead || !plan_.gates.max_cpu_percent) return std::nullopt;
  const std::int64_t now = trueShare(r_.share.value_or(100));
  for (const std::int64_t share : {50, 25, 10}) {
    const std::int64_t then = trueShare(share);
    if (then >= now) continue;
    if (r_.overhead->cpu_percent * then / 100 <= *plan_.gates.max_cpu_percent) return share;
  }
  return std::nullopt;
}

bool Machine::reduce(const GateResult& result) {
  const auto& ladder = plan_.revisions;
  const auto at = std::find(ladder.begin(), ladder.end(), r_.target_revision);
  if (at == ladder.end()) return false;
  if (at + 1 != ladder.end()) {
    r_.reduction = at + 1 - ladder.begin();
    remember(HistoryResult::kTooCostly, result.verdict.reason);
    r_.target_revision = *(at + 1);
    r_.step = 1;
  } else if (const auto share = result.verdict.reason == RolloutReason::kCpuOverhead
                                    ? smallerShare()
                                    : std::nullopt) {
    remember(HistoryResult::kTooCostly, result.verdict.reason);
    r_.share = share;
  } else {
    return false;
  }
  r_.restart_attempts = 0;
  r_.overhead.reset();
  shareOut();
  enter(State::kPreflight, RolloutReason::kSteppedDown,
        r_.share ? strCat("the overhead is too high: ", *r_.share, " % of the pods are profiled")
                 : "the overhead is too high: less is profiled");
  return true;
}

void Machine::fail(const GateResult& result) {
  take(result);
  r_.verdict.evidence = result.verdict.evidence;
  if (result.too_costly && w_.overrides.pin.empty() && reduce(result)) return;
  if (result.broke) quarantine();
  if (plan_.pause_on_failure) {
    if (r_.state != State::kPaused)
      enter(State::kPaused, result.verdict.reason, result.verdict.message);
    return;
  }
  rollBack(result.verdict.reason, result.verdict.message, HistoryResult::kRolledBack);
}

void Machine::rollBack(const Reason& reason, const std::string& message, HistoryResult history) {
  r_.stable_revision = stableBefore();
  r_.rejected_revision = r_.target_revision;
  r_.replacements.reset();
  r_.probe = false;
  r_.share.reset();
  remember(history, reason);
  assign(r_.stable_revision);
  enter(State::kRollingBack, reason, message);
}

bool Machine::abortWanted() const {
  if (plan_.aborted.empty() || plan_.aborted != plan_.revisions.front()) return false;
  if (!contains(plan_.revisions, r_.target_revision)) return false;
  return r_.state != State::kRollingBack && r_.state != State::kRolledBack &&
         r_.state != State::kSkipped;
}

// Pods with an unwanted agent; those that do not run come first.
std::vector<const Pod*> Machine::toUndo() const {
  std::vector<const Pod*> out;
  for (const Pod& pod : *pods_) {
    if (!pod.deleting && !pod.revision.empty() && pod.revision != r_.stable_revision) {
      out.push_back(&pod);
    }
  }
  std::sort(out.begin(), out.end(), [](const Pod* a, const Pod* b) {
    return std::make_pair(!broken(*a), std::string_view(a->name)) <
           std::make_pair(!broken(*b), std::string_view(b->name));
  });
  return out;
}

void Machine::rollingBack() {
  const std::vector<const Pod*> pods = toUndo();
  const bool never = r_.restart_mode == api::RestartMode::kNever;
  const bool any_broken =
      std::any_of(pods.begin(), pods.end(), [](const Pod* pod) { return broken(*pod); });
  // A healthy run of a Job is not interrupted.
  const bool replaces = managed() && !jobs();
  const bool left = replaces ? !pods.empty() : any_broken && !never;
  const Counts c = counts(r_.stable_revision);
  if (managed() && !w_.owner && (left || !r_.last_restart.empty())) {
    wants_owner_ = true;
    return;
  }
  const Time deadline = timeOf(r_.since) + plan_.progress_deadline;
  if (!left) {
    const bool moving = managed() && (c.deleting > 0 || inTheGap(c) || rollsForUs());
    if (moving && (now_ < deadline || inTheGap(c))) return again(now_ + kUndoPoll);
    enter(State::kRolledBack, r_.reason, r_.message);
    return;
  }
  if (now_ >= deadline && inTheGap(c)) return again(now_ + kUndoPoll);
  if (now_ >= deadline) {
    // Something keeps the pods, perhaps a PodDisruptionBudget. Its slot goes to others.
    enter(State::kRolledBack, RolloutReason::kPodsRemain,
          strCat(pods.size(), " pods still carry an agent that is not wanted"));
    return;
  }
  if (w_.owner && w_.owner->agent_in_template) {
    enter(State::kRolledBack, RolloutReason::kAgentInTemplate,
          strCat(pods.size(), " pods carry an agent that their pod template brings"));
    return;
  }
  again(now_ + kUndoPoll);
  // Pods that do not run are down already: they wait for no slot.
  const bool slot = takeSlot();
  if (!slot && !any_broken) return;
  if (const Time seen = timeOf(r_.since) + world_.webhook_lag; now_ < seen) return again(seen);
  const std::int64_t allowed = mayReplace(Wish::kShed);
  if (r_.state != State::kRollingBack) return;
  std::int64_t away = std::max<std::int64_t>(c.live + c.deleting - c.ready, 0);
  if (w_.owner) away = std::max(away, w_.owner->replicas - c.ready);
  std::int64_t room = std::min(r_.max_unavailable - away, allowed);
  for (const Pod* pod : pods) {
    if (broken(*pod)) {
      if (!mayDelete(*pod) || pod->refused) continue;
      // It is unavailable already, and an eviction would wait for a budget that it does not use.
      actions_.push_back({Action::Kind::kDelete, pod->name, pod->uid, {}});
    } else if (slot && replaces && !pod->refused && room-- > 0) {
      actions_.push_back({Action::Kind::kEvict, pod->name, pod->uid, {}});
    }
  }
  asked(static_cast<std::int64_t>(actions_.size()));
}

void Machine::rolledBack() {
  const bool aborted = !plan_.revisions.empty() && plan_.aborted == plan_.revisions.front();
  if (!plan_.revisions.empty() && forgiven() && !aborted) {
    r_.rejected_revision.clear();
    r_.quarantine.clear();
    r_.replacements.reset();
    r_.target_revision = plan_.revisions.front();
    r_.reduction = 0;
    r_.step = 0;
    r_.verdict = {};
    r_.overhead.reset();
    r_.baseline.reset();
    enter(State::kPending);
    return;
  }
  assign(r_.stable_revision);
  if (toUndo().empty() || !managed()) return;
  Time retry = timeOf(r_.since) + kUndoAgain;
  if (triesForNothing() > 0) retry = std::max(retry, timeOf(r_.replacements->next));
  if (now_ < retry || budget_.slots <= 0) return again(std::max(retry, now_ + kUndoPoll));
  enter(State::kRollingBack, r_.reason, r_.message);
}

// A policy that is deleted and applied again in a moment costs no pod; those that do not run do not
// wait.
std::optional<Time> Machine::graceEnds() const {
  const Time end = timeOf(r_.since) + kPolicyGoneGrace;
  const bool waits = r_.reason == RolloutReason::kPolicyGone && now_ < end &&
                     std::ranges::none_of(toUndo(), [](const Pod* pod) { return broken(*pod); });
  return waits ? std::optional(end) : std::nullopt;
}

// The policy is gone or no longer matches: pods lose their agents as its last mode allows.
void Machine::withoutPolicy() {
  r_.target_revision.clear();
  r_.stable_revision.clear();
  assign({});
  if (r_.since.empty()) r_.since = timeText(now_);
  if (r_.state != State::kRollingBack && r_.state != State::kRolledBack) {
    r_.replacements.reset();
    enter(State::kRollingBack, RolloutReason::kPolicyGone,
          "no policy matches the workload any more");
  }
  if (r_.state == State::kRollingBack) {
    if (const auto end = graceEnds()) return again(end);
    rollingBack();
  } else {
    rolledBack();
  }
}

}  // namespace profiling::engine
