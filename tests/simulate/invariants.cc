// Invariants checked at writes, actions and admissions.
#include "tests/simulate/invariants.h"

#include <algorithm>

namespace profiling::simulate {
namespace {

constexpr Ms kLately = 10 * kMinute;
constexpr std::int64_t kMostStates = 150;  // three revisions of three steps each, with a margin

}  // namespace

std::string_view ruleName(Rule rule) {
  static constexpr std::array<std::string_view, 15> kNames{
      "",         "parallel", "unavailable", "forbidden",  "assigned",
      "rejected", "flapping", "progress",    "frozen",     "silence",
      "same-end", "blame",    "pure",        "quarantine", "fruitless"};
  return kNames.at(static_cast<std::size_t>(rule));
}

Invariants::Invariants(const Scenario& scenario, const Events& events, const Cluster& cluster,
                       const Store& store, const Webhook& webhook, const Decide& decide)
    : scenario_(scenario),
      events_(events),
      cluster_(cluster),
      store_(store),
      webhook_(webhook),
      decide_(decide),
      memory_(scenario.workloads.size()) {
}

void Invariants::fail(Rule rule, std::size_t workload, const std::string& what) {
  if (violation_) return;
  std::string where = "policy";
  if (workload < scenario_.workloads.size()) {
    const api::WorkloadRollout& r = store_.records[workload].rollout;
    where = scenario_.workloads[workload].key + " (" + std::string(api::stateName(r.state)) + " " +
            std::string(r.reason.text()) + ", step " + std::to_string(r.step) + "/" +
            std::to_string(r.steps) + ", assigned '" + r.assigned_revision + "')";
  }
  violation_ =
      Violation{rule, std::to_string(events_.now() / kSecond) + " s, " + where + ": " + what};
}

// Pods are unavailable or being replaced because of us. Failed, held and stuck workloads
// give up their slots.
bool Invariants::inFlight(std::size_t workload) const {
  const SimWorkload& w = cluster_.workloads()[workload];
  const auto limit = static_cast<Ms>(scenario_.plan.gates.ready_within.count());
  if (events_.now() - w.touched >= limit) return false;
  if (memory_[workload].given_up >= w.touched) return false;
  if (w.ours_rolls && w.rolling()) return true;
  if (w.away() == 0) return false;
  if (w.unfilled > 0) return true;
  return std::any_of(w.pods.begin(), w.pods.end(),
                     [](const SimPod& p) { return p.fills_hole && !p.failure; });
}

// A round is one step's restarts; the cooldown separates two rounds.
void Invariants::checkRound(const engine::Plan& plan, std::size_t workload) {
  const api::WorkloadRollout& r = store_.records[workload].rollout;
  Memory& m = memory_[workload];
  const std::string round = r.target_revision + "/" + std::to_string(r.step);
  // Reducing overhead is a remedy, just as rolling back is.
  const bool remedy = r.step == 1 && !r.history.empty() &&
                      r.history.front().result == api::HistoryResult::kTooCostly;
  if (r.state != api::WorkloadState::kRollingBack) {
    if (!remedy && !scenario_.jumps && round != m.round && m.acted && now_ >= *m.acted &&
        now_ + std::chrono::seconds(1) < *m.acted + plan.cooldown) {
      fail(Rule::kForbidden, workload, "a round of restarts within the cooldown of the last one");
    }
    m.round = round;
  }
  m.acted = now_;
}

// Two pods, and then one at a time, after pauses that grow.
void Invariants::checkFruitless(const engine::Plan& plan, std::size_t workload) {
  const api::WorkloadRollout& r = store_.records[workload].rollout;
  const bool takes_back = r.share.has_value();  // fewer pods are to carry the target
  if (r.state != api::WorkloadState::kStepping || takes_back) return;
  std::vector<Ms>& times = memory_[workload].for_nothing;
  times.push_back(events_.now());
  const Ms pause = std::max(static_cast<Ms>(plan.cooldown.count()), 30 * kSecond);
  const Ms elapsed = times.back() - times.front();
  std::size_t allowed = 2;
  // What a killed controller has asked for reaches the cluster after its successor has begun.
  for (const Step& step : scenario_.script) {
    const Ms since = times.back() - step.at;
    if (step.kind == Step::Kind::kKill && step.overlaps && since >= 0 && since < kHour) allowed = 4;
  }
  for (Ms due = 4 * pause, step = due; due <= elapsed; step *= 4, due += step) ++allowed;
  if (times.size() > allowed && !scenario_.jumps) {
    fail(Rule::kFruitless, workload,
         std::to_string(times.size()) + " replacements within " +
             std::to_string(elapsed / kSecond) + " s brought no pod with the target");
  }
}

// A pod that comes by itself a moment before a watch shows it may take the place that the successor
// of a replaced pod was to have: that pod comes as the step wants it. Once in a step, since a
// controller that counts wrongly would replace without end.
void Invariants::came(std::size_t workload, const std::string& revision) {
  const api::WorkloadRollout& r = store_.records[workload].rollout;
  Memory& m = memory_[workload];
  if (!revision.empty() && revision == r.target_revision) return m.for_nothing.clear();
  if (!revision.empty() || !r.target_pods || m.for_nothing.empty() || m.full == m.round) return;
  const auto on = std::ranges::count_if(
      cluster_.workloads()[workload].pods,
      [&](const SimPod& pod) { return !pod.deleting && pod.revision == r.target_revision; });
  if (on < *r.target_pods) return;
  m.full = m.round;
  m.for_nothing.pop_back();
}

void Invariants::acting(const engine::Plan& plan, std::size_t workload,
                        const engine::Action& action) {
  checkRound(plan, workload);
  checkFruitless(plan, workload);
  const SimWorkload& w = cluster_.workloads()[workload];
  Budgets allowed{0, plan.max_parallel, plan.max_unavailable, store_.elsewhere};
  std::erase_if(lately_, [&](const Budgets& b) { return b.until < events_.now(); });
  for (const Budgets& b : lately_) {
    allowed.parallel = std::max(allowed.parallel, b.parallel);
    allowed.unavailable = std::max(allowed.unavailable, b.unavailable);
    allowed.elsewhere = std::min(allowed.elsewhere, b.elsewhere);
  }
  // A policy may change, and be deleted before a controller has read that: the record is what is left.
  const api::WorkloadRollout& record = store_.records[workload].rollout;
  if (record.reason == api::RolloutReason::kPolicyGone) {
    allowed.unavailable = std::max(allowed.unavailable, record.max_unavailable);
  }
  if (action.kind == engine::Action::Kind::kRolloutRestart) {
    if (w.restarted_for == action.token) return;
  } else {
    const auto pod = std::find_if(w.pods.begin(), w.pods.end(),
                                  [&](const SimPod& p) { return p.uid() == action.uid; });
    if (pod == w.pods.end() || pod->deleting || !pod->ready) return;
    if (action.kind == engine::Action::Kind::kEvict && w.budget_spent) return;
    const std::int64_t away = w.away();
    if (away + 1 > allowed.unavailable) {
      fail(Rule::kUnavailable, workload,
           action.pod + " is evicted while " + std::to_string(away) +
               " pods are unavailable because of us; " + std::to_string(allowed.unavailable) +
               " are allowed");
    }
  }
  std::int64_t others = 0;
  for (std::size_t i = 0; i < scenario_.workloads.size(); ++i) {
    if (i != workload && inFlight(i)) ++others;
  }
  if (others + 1 > allowed.parallel) {
    fail(Rule::kParallel, workload,
         "its pods are replaced while those of " + std::to_string(others) +
             " other workloads are; maxParallel is " + std::to_string(allowed.parallel));
  }
  if (scenario_.max_restarting > 0 && others + 1 + allowed.elsewhere > scenario_.max_restarting) {
    fail(Rule::kParallel, workload,
         std::to_string(others) + " others and " + std::to_string(allowed.elsewhere) +
             " of other policies are being restarted; cluster-wide " +
             std::to_string(scenario_.max_restarting) + " are allowed");
  }
}

// Deadlines that the jump skipped expire at once.
void Invariants::clockJumped() {
  lately_.push_back({events_.now() + kLately, 1'000'000, 1'000'000, -1'000'000});
}

void Invariants::scripted(const Step& step) {
  using Kind = Step::Kind;
  lately_.push_back({events_.now() + kLately, store_.plan.max_parallel, store_.plan.max_unavailable,
                     store_.elsewhere});
  const bool forgives =
      step.kind == Kind::kRetry || step.kind == Kind::kRevision || step.kind == Kind::kPolicyGone;
  for (Memory& m : memory_) {
    m.assignments = m.states = 0;
    m.for_nothing.clear();
    if (forgives) m.barred.clear();
  }
  if (step.kind == Kind::kWishPin || step.kind == Kind::kWishNothing) {
    memory_[static_cast<std::size_t>(step.workload)].barred.clear();
  }
}

void Invariants::written(std::size_t workload, const api::WorkloadRollout& before,
                         const api::WorkloadRollout& after) {
  Memory& m = memory_[workload];
  const std::string& given = after.assigned_revision;
  if (!given.empty() && given == after.rejected_revision) {
    fail(Rule::kRejected, workload, "the rejected revision " + given + " is assigned");
  }
  if (!after.stable_revision.empty() && after.stable_revision == after.rejected_revision) {
    fail(Rule::kRejected, workload, "the rejected revision is the stable one");
  }
  if (after.rejected_revision != before.rejected_revision && !after.rejected_revision.empty()) {
    m.barred.insert(after.rejected_revision);
  }
  // A clock change makes an old request look new.
  if (!given.empty() && m.barred.contains(given) && !scenario_.jumps) {
    fail(Rule::kFlapping, workload,
         given + " was rejected and is assigned again without a request");
  }
  if (after.state == api::WorkloadState::kPaused || after.state == api::WorkloadState::kSkipped) {
    m.given_up = events_.now();
  }
  if (after.state != before.state && ++m.states > kMostStates) {
    fail(Rule::kFlapping, workload, "the workload changes state again and again without a cause");
  }
  if (after.target_revision != before.target_revision) m.for_nothing.clear();
  if (given == before.assigned_revision) return;
  const auto bound = 2 * static_cast<std::int64_t>(scenario_.plan.revisions.size()) + 3;
  if (++m.assignments > bound) {
    fail(Rule::kFlapping, workload,
         "the assignment changed " + std::to_string(m.assignments) + " times, now to '" + given +
             "', without a cause");
  }
}

void Invariants::admitted(std::size_t workload, const std::string& revision) {
  if (revision.empty()) return;
  const StoredRecord& record = store_.records[workload];
  const api::WorkloadRollout& r = record.rollout;
  if (!webhook_.behind(workload) && revision != r.assigned_revision &&
      revision != r.stable_revision) {
    fail(Rule::kAssigned, workload, "a pod got " + revision + ", which its record does not assign");
  }
  if (!webhook_.behind(workload) && revision == r.rejected_revision) {
    fail(Rule::kRejected, workload, "a new pod got the rejected revision " + revision);
  }
  std::int64_t most = webhook_.mostPods(workload, revision);
  if (most < 0) return;
  if (r.assigned_revision == revision) {
    if (!r.target_pods || r.first_ordinal) return;
    most = std::max(most, *r.target_pods);
  }
  const auto& pods = cluster_.workloads()[workload].pods;
  const auto have = std::count_if(pods.begin(), pods.end(), [&](const SimPod& p) {
    return !p.deleting && p.revision == revision;
  });
  overshoot_ = std::max<std::int64_t>(overshoot_, have + 1 - most);
  // A replica that sees its own pods before another's overestimates the remaining share.
  if (have + 1 > most + (scenario_.replicas - 1) * (1 + most / 4)) {
    fail(Rule::kAssigned, workload,
         std::to_string(have + 1) + " pods carry " + revision + ", " + std::to_string(most) +
             " are allowed");
  }
}

}  // namespace profiling::simulate
