// Obstacles to changing a workload now, and its baseline before the change.
#include <algorithm>

#include "controllers/engine/machine_impl.h"

namespace profiling::engine {
namespace {

using api::HistoryResult;
using api::RolloutReason;

constexpr Duration kBaselinePatience{std::chrono::seconds(60)};

std::string belowPartitionText(std::int64_t partition) {
  return strCat("all its pods are below updateStrategy.rollingUpdate.partition (", partition, ")");
}

}  // namespace

// Pods that fail without the revision: later failures would be blamed on the agent, or hidden.
bool Machine::unhealthy(const Pod& pod) const {
  return !pod.deleting && pod.revision != r_.target_revision && !pod.ready &&
         (pod.failure || now_ - pod.created >= plan_.gates.ready_within);
}

std::optional<Machine::Obstacle> Machine::unhealthyBefore() const {
  const auto pod = std::ranges::find_if(*pods_, [&](const Pod& p) { return unhealthy(p); });
  if (pod == pods_->end()) return std::nullopt;
  return Obstacle{RolloutReason::kUnhealthyBefore,
                  strCat("pod ", pod->name, " does not run, and this rollout is not the cause"),
                  now_ + kLookAgain};
}

bool Machine::belowPartition() const {
  const Counts c = counts(r_.target_revision);
  return w_.kind == "StatefulSet" && c.live > 0 && c.highest_ordinal >= 0 &&
         c.highest_ordinal < partition();
}

// The owner cannot be changed now, or does something of its own.
std::optional<Machine::Obstacle> Machine::busyOwner() const {
  const Owner& owner = *w_.owner;
  const Time soon = now_ + kLookAgain;
  if (!owner.unreadable.empty()) {
    return Obstacle{RolloutReason::kOwnerUnreadable,
                    "the workload cannot be read: " + owner.unreadable, soon};
  }
  if (!owner.found)
    return Obstacle{RolloutReason::kOwnerGone, "the workload is being deleted", soon};
  if (owner.paused)
    return Obstacle{RolloutReason::kOwnerPaused, "the workload's own rollout is paused", soon};
  if (owner.rolling_out && !rollsForUs()) {
    return Obstacle{RolloutReason::kOwnerRollingOut, "the workload's own rollout is under way",
                    soon};
  }
  return std::nullopt;
}

// What forbids evicting its pods now.
std::optional<Machine::Obstacle> Machine::disruptionObstacle() const {
  const Owner& owner = *w_.owner;
  const Time soon = now_ + kLookAgain;
  if (owner.budgets.size() > 1) {
    return Obstacle{
        RolloutReason::kSeveralDisruptionBudgets,
        "its pods are selected by more than one PodDisruptionBudget: " + join(owner.budgets, ", "),
        soon};
  }
  if (owner.disruptions_allowed) return std::nullopt;
  return Obstacle{RolloutReason::kDisruptionBudgetExhausted,
                  owner.budgets.empty()
                      ? "a PodDisruptionBudget allows no disruption"
                      : strCat("PodDisruptionBudget ", owner.budgets[0], " allows no disruption"),
                  soon};
}

// As many pods are away as may be, and the revision is not the cause.
std::optional<Machine::Obstacle> Machine::podsAway() const {
  const Counts c = counts(r_.target_revision);
  if (away(c) < plan_.max_unavailable) return std::nullopt;
  if (auto against = unhealthyBefore()) return against;
  const Time soon = now_ + kLookAgain;
  if (c.live >= w_.owner->replicas) return std::nullopt;
  const auto leaving = std::ranges::find_if(*pods_, [](const Pod& pod) { return pod.deleting; });
  if (leaving == pods_->end()) {
    return Obstacle{RolloutReason::kPodsMissing,
                    strCat(c.live, " of ", w_.owner->replicas, " pods exist"), soon};
  }
  return Obstacle{
      RolloutReason::kPodsTerminating,
      strCat("pod ", leaving->name, " is still terminating: its successor comes when it is gone"),
      soon};
}

std::optional<Machine::Obstacle> Machine::ownerObstacle() {
  if (!w_.owner) {
    wants_owner_ = true;
    return Obstacle{r_.reason, r_.message, std::nullopt};
  }
  const Owner& owner = *w_.owner;
  const Time soon = now_ + kLookAgain;
  if (auto against = busyOwner()) return against;
  if (belowPartition()) {
    return Obstacle{RolloutReason::kBelowPartition, belowPartitionText(partition()), soon, true};
  }
  if (owner.on_delete && plan_.method != api::RestartMethod::kEvict) {
    return Obstacle{RolloutReason::kOnDelete,
                    "updateStrategy is OnDelete: its pods are replaced by hand, or with "
                    "rollout.restart.method 'Evict'",
                    soon, true};
  }
  if (owner.autoscaled_to_maximum) {
    return Obstacle{RolloutReason::kAutoscalerAtMaximum,
                    "its autoscaler is at its maximum, so that an overhead could not be absorbed",
                    soon};
  }
  if (w_.setback) return Obstacle{w_.setback->reason, w_.setback->message, soon};
  if (auto against = disruptionObstacle()) return against;
  if (r_.step > 0) {
    if (auto against = podsAway()) return against;
  }
  const std::int64_t size = std::max(owner.replicas, counts(r_.target_revision).total);
  if (size <= 1 && !restartsByTemplate() && plan_.method != api::RestartMethod::kEvict) {
    return Obstacle{RolloutReason::kSingleReplica,
                    "replacing its only pod would interrupt it: let it surge, or allow it with "
                    "rollout.restart.method 'Evict'",
                    soon, true};
  }
  return std::nullopt;
}

std::optional<Machine::Obstacle> Machine::policyWide(PolicyWideObstacle::Stops moves) const {
  const PolicyWideObstacle* found = policyWideObstacle(moves, plan_, world_, budget_);
  if (found == nullptr) return std::nullopt;
  Obstacle out{found->reason, std::string(found->message), std::nullopt};
  if (found->reason == RolloutReason::kServerNotReady) {
    out.message = world_.sources.server;
    out.again = now_ + kLookAgain;
  }
  if (found->reason == RolloutReason::kWebhookNotReady) {
    out.message = world_.sources.webhook;
    out.again = now_ + kLookAgain;
  }
  if (found->reason == RolloutReason::kOutsideWindow) out.again = budget_.window.changes;
  return out;
}

std::optional<Machine::Obstacle> Machine::agentInTemplate() const {
  if (!w_.owner || !w_.owner->agent_in_template) return std::nullopt;
  return Obstacle{RolloutReason::kAgentInTemplate,
                  "its pod template carries an agent: its pods keep that one, however often they "
                  "start",
                  now_ + kLookAgain, true};
}

std::optional<Machine::Obstacle> Machine::ownObstacle() {
  if (auto against = agentInTemplate()) return against;
  if (auto against = unhealthyBefore()) return against;
  return ownerObstacle();
}

std::optional<Machine::Obstacle> Machine::hindrance() const {
  using Stops = PolicyWideObstacle::Stops;
  if (auto against = policyWide(Stops::kAllMoves)) return against;
  if (auto against = policyWide(Stops::kReplacements)) return against;
  if (auto against = agentInTemplate()) return against;
  const auto at = policyTriesAt();
  if (!at || (now_ >= *at && budget_.awaited == 0)) return std::nullopt;
  return Obstacle{
      RolloutReason::kFruitlessReplacements,
      "replacing pods changed nothing in other workloads of the policy: one workload at "
      "a time tries again",
      std::max(*at, now_ + kLookAgain)};
}

std::optional<Machine::Obstacle> Machine::obstacle() {
  using Stops = PolicyWideObstacle::Stops;
  if (w_.unsupported) return Obstacle{w_.unsupported_reason, {}, std::nullopt, true};
  if (auto against = policyWide(Stops::kAllMoves)) return against;
  if (auto against = quarantined()) return against;
  if (!managed() || jobs()) return std::nullopt;
  if (auto against = hindrance()) return against;
  // Less overhead is a remedy, and does not wait.
  const bool remedy = !r_.history.empty() &&
                      r_.history.front().result == HistoryResult::kTooCostly &&
                      (r_.step == 1 || (r_.share && counts(r_.target_revision).on > goal()));
  if (!r_.last_restart.empty() && !remedy) {
    const Time rested = timeOf(r_.last_restart) + plan_.cooldown;
    if (now_ < rested) {
      return Obstacle{RolloutReason::kCooldown, "its pods were replaced a moment ago", rested};
    }
  }
  if (auto against = unhealthyBefore()) return against;
  if (!budget_.acts[index_]) {
    if (auto against = policyWide(Stops::kNewSlots)) return against;
  }
  return ownerObstacle();
}

// No run is ever interrupted; the next one carries the agent.
void Machine::preflightJob() {
  const auto against = obstacle();
  if (against && against->reason != RolloutReason::kQueued && !wants_owner_) {
    wait(against->reason, against->message, against->again);
    return;
  }
  wants_owner_ = false;
  r_.step = r_.steps;
  r_.started = timeText(now_);
  assign(r_.target_revision);
  if (r_.stable_revision != r_.target_revision) {
    remember(HistoryResult::kComplete, RolloutReason::kNextRun);
  }
  r_.stable_revision = r_.target_revision;
  enter(State::kComplete, RolloutReason::kNextRun, "the next run carries the agent");
}

void Machine::preflightWithoutPods() {
  // Its only pod may be between its end and its successor: the owner knows.
  if (!plan_.immediate() && !w_.owner) {
    wants_owner_ = true;
    return;
  }
  if (!plan_.immediate() && belowPartition()) {
    return meet(
        {RolloutReason::kBelowPartition, belowPartitionText(partition()), now_ + kLookAgain, true});
  }
  if (!plan_.immediate() && !w_.owner->unreadable.empty()) return meet(*busyOwner());
  if (!plan_.immediate() && w_.owner->found && w_.owner->replicas > 0) {
    return meet({RolloutReason::kPodsMissing, "its pods do not exist yet", now_ + kLookAgain});
  }
  assign(r_.target_revision);
  if (!plan_.immediate() || probes()) r_.target_pods = 1;
  enter(State::kSkipped, RolloutReason::kNoPods, "it has no pods; the first one gets the agent");
}

// A step that begins again when the workload has pods.
bool Machine::scaledToZero() {
  if (jobs() || plan_.immediate()) return false;
  const Counts c = counts(r_.target_revision);
  if (c.live + c.deleting > 0) return false;
  if (!w_.owner) {
    wants_owner_ = true;
    return true;
  }
  if (!w_.owner->unreadable.empty() || w_.owner->replicas > 0) return false;
  if (r_.probe) r_.step = 0;  // the probe proved nothing
  enter(State::kSkipped, RolloutReason::kNoPods,
        "it was scaled to 0: the step goes on when it has pods again");
  return true;
}

// The deadline has passed, and the revision is not the cause.
void Machine::holdFor(const Obstacle& against) {
  GateResult result;
  result.verdict.result = api::Verdict::kInconclusive;
  result.verdict.reason = against.reason;
  result.verdict.message = against.message;
  hold(result);
}

// Waits for the obstacle to clear; skips a workload that has not begun if that takes too long.
void Machine::meet(const Obstacle& against) {
  if (r_.step == 0) assign(r_.stable_revision);
  const Time deadline = timeOf(r_.since) + plan_.progress_deadline;
  const bool patient = against.reason == RolloutReason::kAwaitingProbe ||
                       against.reason == RolloutReason::kFruitlessReplacements ||
                       waitsWithoutDeadline(against.reason);
  const bool overdue = now_ >= deadline && !patient;
  if (r_.step == 0 && (against.skip || overdue)) {
    enter(State::kSkipped, against.reason, against.message);
    again(now_ + kLookAgain);
    return;
  }
  if (r_.step > 0 && overdue && isOwnObstacle(against.reason) && !approved()) {
    return holdFor(against);
  }
  wait(against.reason, against.message, against.again);
  again(deadline);
}

void Machine::preflight() {
  if (jobs()) return preflightJob();
  // Pods that carry the revision are judged while their step waits.
  if (r_.step > 0 && !healthy()) return;
  const bool stopped = policyWide(PolicyWideObstacle::Stops::kAllMoves).has_value();
  const bool empty = counts(r_.target_revision).total == 0;
  // The image of pods that are being deleted is still known.
  if (empty && r_.step == 0 && !w_.unsupported && !stopped && !quarantined()) {
    return preflightWithoutPods();
  }
  if (const auto against = obstacle()) {
    if (!wants_owner_) meet(*against);
    return;
  }
  if (r_.step == 0) {
    r_.started = timeText(now_);
    // A workload that came later needs no steps for a revision proven everywhere else.
    const bool proven = r_.target_revision == plan_.stable || promotedFully();
    r_.probe = probes();
    if (r_.probe) budget_.probed.insert(budget_.probed.end(), w_.images.begin(), w_.images.end());
    r_.step = proven && !r_.probe ? r_.steps : 1;
    enter(State::kBaselining);
    return;
  }
  if (!takeSlot()) return wait(RolloutReason::kQueued, "other workloads come first");
  enter(State::kStepping);
}

void Machine::baselining() {
  const bool measures = managed() && (plan_.gates.max_cpu_percent || plan_.gates.max_memory_bytes);
  if (!r_.baseline) {
    api::Baseline baseline;
    std::int64_t sampled = 0;
    for (const Pod& pod : *pods_) {
      if (pod.deleting || pod.revision == r_.target_revision) continue;
      baseline.restarts += pod.restarts;
      if (!pod.cpu_milli || !pod.memory_bytes || pod.samples < kMinSamples) continue;
      baseline.cpu_milli += *pod.cpu_milli;
      baseline.memory_bytes += *pod.memory_bytes;
      ++sampled;
    }
    const Time patience = timeOf(r_.since) + kBaselinePatience;
    if (measures && sampled == 0 && now_ < patience) {
      wait(RolloutReason::kSamplesMissing, "CPU and memory are being sampled", patience);
      return;
    }
    if (sampled > 0) {
      baseline.cpu_milli /= sampled;
      baseline.memory_bytes /= sampled;
    }
    baseline.time = timeText(now_);
    r_.baseline = baseline;
  }
  // Time has passed, so the obstacles are checked again before the first step.
  enter(State::kPreflight);
}

}  // namespace profiling::engine
