// What speaks against touching a workload now, and what it is like before it is touched.
#include <algorithm>

#include "controllers/engine/machine_impl.h"

namespace profiling::engine {
namespace {

constexpr Duration kBaselinePatience{std::chrono::seconds(60)};

}  // namespace

// Pods that do not run for another reason than the revision: what comes after would be blamed on
// the agent, or hidden by it.
bool Machine::unhealthyBefore() const {
  return std::any_of(w_.pods->begin(), w_.pods->end(), [&](const Pod& pod) {
    return !pod.deleting && pod.revision != r_.target_revision && !pod.ready &&
           (pod.failure || now_ - pod.created >= plan_.gates.ready_within);
  });
}

std::optional<Machine::Obstacle> Machine::ownerObstacle() {
  if (!w_.owner) {
    wants_owner_ = true;
    return Obstacle{r_.reason, r_.message, std::nullopt};
  }
  const Owner& owner = *w_.owner;
  const Time soon = now_ + kLookAgain;
  if (!owner.found) return Obstacle{"OwnerGone", "the workload is being deleted", soon};
  if (owner.paused) return Obstacle{"OwnerPaused", "the workload's own rollout is paused", soon};
  if (owner.on_delete && plan_.method != api::RestartMethod::kEvict) {
    return Obstacle{"OnDelete",
                    "updateStrategy is OnDelete: its pods are replaced by hand, or with "
                    "rollout.restart.method 'Evict'",
                    soon, true};
  }
  if (owner.rolling_out) {
    return Obstacle{"OwnerRollingOut", "the workload's own rollout is under way", soon};
  }
  if (owner.autoscaled_to_maximum) {
    return Obstacle{"AutoscalerAtMaximum",
                    "its autoscaler is at its maximum, so that an overhead could not be absorbed",
                    soon};
  }
  if (!owner.disruptions_allowed) {
    return Obstacle{"DisruptionBudgetExhausted", "a PodDisruptionBudget allows no disruption",
                    soon};
  }
  const std::int64_t size = std::max(owner.replicas, counts(r_.target_revision).total);
  if (size <= 1 && !restartsByTemplate() && plan_.method != api::RestartMethod::kEvict) {
    return Obstacle{"SingleReplica",
                    "replacing its only pod would interrupt it: let it surge, or allow it with "
                    "rollout.restart.method 'Evict'",
                    soon, true};
  }
  return std::nullopt;
}

std::optional<Machine::Obstacle> Machine::obstacle() {
  if (w_.unsupported) return Obstacle{w_.unsupported_reason, {}, std::nullopt, true};
  if (!plan_.available) {
    return Obstacle{"ServerUnavailable", "there is no storage server to send profiles to", {}};
  }
  if (plan_.paused)
    return Obstacle{std::string(kPolicyPaused), "rollout.paused of the policy is true", {}};
  if (budget_.frozen && !plan_.immediate()) {
    return Obstacle{std::string(kBudgetSpent), "too many workloads have failed", {}};
  }
  if (auto against = quarantined()) return against;
  if (!managed() || jobs()) return std::nullopt;
  if (!world_.sources.server.empty()) {
    return Obstacle{"ServerNotReady", world_.sources.server, now_ + kLookAgain};
  }
  if (!budget_.window.open) {
    return Obstacle{std::string(kOutsideWindow),
                    "pods are replaced in the maintenance windows only", budget_.window.changes};
  }
  // Less overhead is a remedy, and does not rest.
  const bool remedy = !r_.history.empty() && r_.history.front().result == "TooCostly" &&
                      (r_.step == 1 || (r_.share && counts(r_.target_revision).on > goal()));
  if (!r_.last_restart.empty() && !remedy) {
    const Time rested = timeOf(r_.last_restart) + plan_.cooldown;
    if (now_ < rested) return Obstacle{"Cooldown", "its pods were replaced lately", rested};
  }
  if (unhealthyBefore()) {
    return Obstacle{"UnhealthyBefore", "it has pods that do not run, with no help of this rollout",
                    now_ + kLookAgain};
  }
  if (!budget_.acts[index_] && budget_.slots <= 0) {
    return Obstacle{std::string(kQueued), "other workloads come first", {}};
  }
  return ownerObstacle();
}

void Machine::preflight() {
  if (jobs()) {
    // No run is ever interrupted; the next one carries the agent.
    const auto against = obstacle();
    if (against && against->reason != kQueued && !wants_owner_) {
      wait(against->reason, against->message, against->again);
      return;
    }
    wants_owner_ = false;
    r_.step = r_.steps;
    r_.started = timeText(now_);
    assign(r_.target_revision);
    if (r_.stable_revision != r_.target_revision) remember("Complete", "NextRun");
    r_.stable_revision = r_.target_revision;
    enter(State::kComplete, "NextRun", "the next run carries the agent");
    return;
  }
  const std::int64_t total = counts(r_.target_revision).total;
  const bool stopped = plan_.paused || !plan_.available || (budget_.frozen && !plan_.immediate());
  const bool nobody = total == 0 && r_.step == 0 && !w_.unsupported && !stopped;
  // Of pods that are just going the image is known still.
  if (nobody && !quarantined()) {
    // Its only pod may be between its end and its successor: the owner knows.
    if (!plan_.immediate() && !w_.owner) {
      wants_owner_ = true;
      return;
    }
    if (!plan_.immediate() && w_.owner->found && w_.owner->replicas > 0) {
      return wait("PodsMissing", "its pods are not there yet", now_ + kLookAgain);
    }
    assign(r_.target_revision);
    if (!plan_.immediate() || probes()) r_.target_pods = 1;
    enter(State::kSkipped, "NoPods", "it has no pods; the first one gets the agent");
    return;
  }
  if (const auto against = obstacle()) {
    if (wants_owner_) return;
    if (r_.step == 0) assign(r_.stable_revision);
    const Time deadline = timeOf(r_.since) + plan_.progress_deadline;
    const bool patient = against->reason == "AwaitingProbe" ||
                         std::find(kPatientReasons.begin(), kPatientReasons.end(),
                                   against->reason) != kPatientReasons.end();
    const bool overdue = now_ >= deadline && !patient;
    if (r_.step == 0 && (against->skip || overdue)) {
      enter(State::kSkipped, against->reason, against->message);
      again(now_ + kLookAgain);
      return;
    }
    wait(against->reason, against->message, against->again);
    if (r_.step == 0 && now_ < deadline) again(deadline);
    return;
  }
  if (r_.step == 0) {
    r_.started = timeText(now_);
    // What is proven everywhere else needs no steps in a workload that came later.
    const bool proven = r_.target_revision == plan_.stable || promotedFully();
    r_.probe = probes();
    if (r_.probe) budget_.probed.insert(budget_.probed.end(), w_.images.begin(), w_.images.end());
    r_.step = proven && !r_.probe ? r_.steps : 1;
    enter(State::kBaselining);
    return;
  }
  if (!takeSlot()) return wait(std::string(kQueued), "other workloads come first");
  enter(State::kStepping);
}

void Machine::baselining() {
  const bool measures = managed() && (plan_.gates.max_cpu_percent || plan_.gates.max_memory_bytes);
  if (!r_.baseline) {
    api::Baseline baseline;
    std::int64_t sampled = 0;
    for (const Pod& pod : *w_.pods) {
      if (pod.deleting || pod.revision == r_.target_revision) continue;
      baseline.restarts += pod.restarts;
      if (!pod.cpu_milli || !pod.memory_bytes || pod.samples < kMinSamples) continue;
      baseline.cpu_milli += *pod.cpu_milli;
      baseline.memory_bytes += *pod.memory_bytes;
      ++sampled;
    }
    const Time patience = timeOf(r_.since) + kBaselinePatience;
    if (measures && sampled == 0 && now_ < patience) {
      wait("SamplesMissing", "CPU and memory are being sampled", patience);
      return;
    }
    if (sampled > 0) {
      baseline.cpu_milli /= sampled;
      baseline.memory_bytes /= sampled;
    }
    baseline.time = timeText(now_);
    r_.baseline = baseline;
  }
  enter(State::kPreflight, {}, {});
  // Time has passed: what spoke for it a moment ago is asked once more, with the slot in hand.
}

}  // namespace profiling::engine
