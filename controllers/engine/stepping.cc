// Moves pods to the target revision: how many, which ones, and how.
#include <algorithm>

#include "controllers/engine/machine_impl.h"
#include "operator/base/text.h"

namespace profiling::engine {
namespace {

using api::RolloutReason;

constexpr Duration kOwnerPoll{std::chrono::seconds(3)};
constexpr std::int64_t kTemplateTries = 2;
constexpr std::string_view kAgain = "-again-";

}  // namespace

std::int64_t Machine::firstOrdinal() const {
  return r_.first_ordinal.value_or(0);
}

// Pods that must carry the revision for the step to be reached.
std::int64_t Machine::goal() const {
  const std::int64_t total = counts(r_.target_revision).total;
  return r_.target_pods ? std::min(*r_.target_pods, total) : total;
}

std::int64_t Machine::percent() const {
  const std::size_t at = static_cast<std::size_t>(std::max<std::int64_t>(r_.step, 1)) - 1;
  const std::int64_t step = plan_.pod_steps[std::min(at, plan_.pod_steps.size() - 1)];
  return std::min(step, r_.share.value_or(100));
}

// How many pods may carry the target. The number is fixed while pods come and go; otherwise it
// would follow them up and down.
void Machine::shareOut() {
  const bool fresh = r_.assigned_revision != r_.target_revision || !r_.target_pods;
  const Counts c = counts(r_.target_revision);
  if (percent() >= 100 && !r_.probe) {
    assign(r_.target_revision);
    return;
  }
  const bool same =
      w_.record.step == r_.step && w_.record.probe == r_.probe && w_.record.share == r_.share;
  if (!fresh && (!c.settled() || inTheGap(c)) && same) return;
  const std::int64_t size = w_.owner && w_.owner->replicas > 0 ? w_.owner->replicas : c.total;
  assign(r_.target_revision);
  r_.target_pods = r_.probe ? 1 : podsOfStep(size, percent());
  if (w_.kind == "StatefulSet" && c.highest_ordinal >= 0) {
    const std::int64_t end = std::max(c.highest_ordinal + 1, size);
    r_.first_ordinal = std::max(end - *r_.target_pods, partition());
  }
}

bool Machine::restartsByTemplate() const {
  if (plan_.method == api::RestartMethod::kEvict || !w_.owner) return false;
  if (plan_.method == api::RestartMethod::kRolloutRestart) return true;
  if (!w_.owner->surges || (w_.kind != "Deployment" && w_.kind != "Rollout")) return false;
  // A surge takes nothing away, so it is worth it when all pods change, or the only one. Where that
  // changed nothing, one pod of several is enough to try again.
  return !repairing() && (onlyPod() || (!r_.target_pods && triesForNothing() == 0));
}

bool Machine::onlyPod() const {
  return std::max(w_.owner->replicas, counts({}).total) <= 1;
}

void Machine::evict(const std::vector<const Pod*>& pods, std::int64_t count) {
  for (const Pod* pod : pods) {
    if (count-- <= 0) break;
    actions_.push_back({Action::Kind::kEvict, pod->name, pod->uid, {}});
  }
  asked(static_cast<std::int64_t>(actions_.size()));
}

// Evicts pods that were there before this try began. Where only younger ones are left, pods come
// without the agent.
void Machine::evictOld(std::int64_t count) {
  std::vector<const Pod*> pods = candidates(*pods_, r_.target_revision, firstOrdinal());
  if (pods.empty()) return;
  const bool settled =
      std::ranges::all_of(pods, [&](const Pod* pod) { return now_ - pod->created >= kSettleTime; });
  std::erase_if(pods, [&](const Pod* pod) { return pod->created >= tryBegan(); });
  if (!pods.empty()) return evict(pods, count);
  if (settled) fruitless(Wish::kCarry);
}

std::string Machine::stepToken() const {
  return strCat(r_.target_revision, "-", r_.probe ? "probe" : std::to_string(r_.step));
}

std::string Machine::restartToken() const {
  std::string token = stepToken();
  if (triesForNothing() > 0) strAppend(token, kAgain, triesForNothing());
  return token;
}

// A try that came after one in vain has restarted for the step as well.
bool Machine::restartedForStep() const {
  const std::string token = restartToken();
  const std::string& last = w_.owner->restarted_for;
  return last == token || (triesForNothing() == 0 && last.starts_with(token + std::string(kAgain)));
}

void Machine::restartByTemplate() {
  const Owner& owner = *w_.owner;
  std::string token = restartToken();
  again(now_ + kOwnerPoll);
  if (restartedForStep()) {
    if (owner.rolling_out) return;
    // The restart is complete, and some pods were not injected: evict them one by one. An only pod
    // is not evicted: the next try is another restart.
    const Counts c = counts(r_.target_revision);
    if (!c.settled() || inTheGap(c)) return;
    if (!onlyPod()) return evictOld(1);
    if (timeOf(r_.last_restart) >= timeOf(r_.since)) return fruitless(Wish::kCarry);
    // The step was restarted in an earlier life: the pod has come anew since, or is to be repaired.
    token = strCat(stepToken(), kAgain, now_.time_since_epoch() / std::chrono::seconds(1));
  }
  if (owner.rolling_out) return;
  if (r_.restart_attempts >= kTemplateTries) {
    GateResult result;
    result.verdict.result = api::Verdict::kInconclusive;
    result.verdict.reason = RolloutReason::kGitOpsConflict;
    result.verdict.message = kGitOpsConflict;
    hold(result);
    return;
  }
  ++r_.restart_attempts;
  asked(1);
  actions_.push_back({Action::Kind::kRolloutRestart, {}, {}, std::move(token)});
}

// Pods that were asked to go and whose successors do not exist yet. A terminating pod whose
// successor exists already, or that is not to have one, is not awaited.
std::int64_t Machine::coming(const Counts& c) const {
  return std::clamp<std::int64_t>(w_.owner->replicas - c.live, 0, c.deleting);
}

std::int64_t Machine::away(const Counts& c) const {
  const std::int64_t desired = std::max(w_.owner->replicas, c.live);
  const std::int64_t ready = std::min(c.ready, w_.owner->available.value_or(c.ready));
  // A pod that surged for the owner's own rollout may be gone and not be missing yet, so a pod that
  // was evicted a moment ago counts as away even if another one seems to replace it.
  const bool recently_restarted =
      !r_.last_restart.empty() && now_ - timeOf(r_.last_restart) < kSettleTime;
  return std::max<std::int64_t>(desired - ready, recently_restarted ? c.deleting : 0);
}

// What keeps the pods of this step from being replaced, apart from the policy: nothing of it is
// caused by the revision. Part of what ownerObstacle() finds.
std::optional<Machine::Obstacle> Machine::stepObstacle() const {
  if (auto against = busyOwner()) return against;
  if (w_.setback) return Obstacle{w_.setback->reason, w_.setback->message, now_ + kLookAgain};
  if (!rollsForUs() && (!restartsByTemplate() || restartedForStep())) {
    if (auto against = disruptionObstacle()) return against;
  }
  return podsAway();
}

// Its slot goes to others when the obstacle has lasted for longer than pods take to start.
void Machine::waitInStep(const Obstacle& against) {
  // Nobody has undone what the API server has refused; to ask for it again is not to move.
  if (w_.setback && !restartedForStep()) r_.restart_attempts = 0;
  const Time last =
      w_.setback ? timeOf(r_.since) : std::max(timeOf(r_.since), timeOf(r_.last_restart));
  const Time idle = last + std::max(plan_.gates.ready_within, plan_.cooldown);
  if (now_ >= idle && !moving(counts(r_.target_revision))) return enter(State::kPreflight);
  wait(against.reason, against.message, against.again);
  again(idle);
}

void Machine::replacePods() {
  const Counts c = counts(r_.target_revision);
  const std::int64_t wanted = goal() - c.on - coming(c);
  const Time slow = timeOf(r_.last_restart) + plan_.gates.ready_within;
  if (coming(c) > 0 && now_ >= slow) {
    if (const auto against = stepObstacle()) return waitInStep(*against);
  }
  if (wanted <= 0) return;
  if (const Time seen = timeOf(r_.since) + world_.webhook_lag; now_ < seen) return again(seen);
  if (w_.setback) return waitInStep(*stepObstacle());
  const std::int64_t allowed = mayReplace(Wish::kCarry);
  if (allowed <= 0) return;
  again(now_ + kOwnerPoll);
  if (const auto against = stepObstacle()) return waitInStep(*against);
  if (restartsByTemplate()) return restartByTemplate();
  const std::int64_t count = std::min({wanted, plan_.max_unavailable - away(c), allowed});
  if (count > 0) evictOld(count);
}

// More pods carry the target than the share that was found to be affordable.
void Machine::trim(const Counts& c) {
  again(now_ + kOwnerPoll);
  if (const auto against = stepObstacle()) return waitInStep(*against);
  std::vector<const Pod*> pods;
  for (const Pod& pod : *pods_) {
    const bool beyond = pod.ordinal < 0 || pod.ordinal < firstOrdinal();
    if (!pod.deleting && pod.eligible && pod.revision == r_.target_revision && beyond) {
      pods.push_back(&pod);
    }
  }
  const std::int64_t allowed = mayReplace(Wish::kShed);
  evict(pods, std::min({c.on - goal(), plan_.max_unavailable - away(c), allowed}));
}

// A pod that we evicted is gone or on its way out, and its successor does not exist yet. Counts
// alone do not show it: the remaining pods look complete.
bool Machine::inTheGap(const Counts& c) const {
  if (!managed() || r_.last_restart.empty()) return false;
  if (now_ - timeOf(r_.last_restart) >= plan_.gates.ready_within) return false;
  return !c.settled() || (w_.owner && c.live < w_.owner->replicas);
}

bool Machine::rollsForUs() const {
  return managed() && r_.restart_attempts > 0 && w_.owner && w_.owner->rolling_out;
}

bool Machine::moving(const Counts& c) const {
  const bool starting = std::ranges::any_of(
      *pods_, [&](const Pod& pod) { return !pod.deleting && !pod.ready && !unhealthy(pod); });
  return starting || coming(c) > 0 || inTheGap(c) || rollsForUs();
}

void Machine::overdue(const Counts& c) {
  if (const auto against = stepObstacle()) return holdFor(*against);
  // It held the step until now, as the last pass recorded.
  if (isOwnObstacle(r_.reason)) return holdFor({r_.reason, r_.message, std::nullopt});
  GateResult result;
  if (triesForNothing() > 0) {
    result.verdict.result = api::Verdict::kInconclusive;
    result.verdict.reason = r_.reason;
  } else {
    result.verdict.result = api::Verdict::kFail;
    result.verdict.attribution = api::Attribution::kUnknown;
    result.verdict.reason = RolloutReason::kProgressDeadlineExceeded;
  }
  result.verdict.message =
      strCat(c.on_ready, " of ", goal(),
             " pods are ready with the revision after rollout.progressDeadline");
  hold(result);
}

void Machine::stepping() {
  if (!healthy()) return;
  if (managed() && !w_.owner) {
    wants_owner_ = true;
    return;
  }
  if (managed() && scaledToZero()) return;
  shareOut();
  const Counts c = counts(r_.target_revision);
  const std::int64_t wanted = goal();
  const Time deadline = timeOf(r_.since) + plan_.progress_deadline;
  const bool excess = managed() && r_.share && c.on > wanted;
  if (c.on_ready >= wanted && c.total > 0 && !excess) {
    // Its slot is free when the last pod has been replaced, not when it has been evicted.
    if ((inTheGap(c) || rollsForUs()) && now_ < deadline) return again(now_ + kOwnerPoll);
    r_.restart_attempts = 0;
    proven();
    enter(State::kSoaking);
    return;
  }
  if (!managed()) {
    wait(RolloutReason::kWaitingForOwner,
         "pods get the agent at their next start: rollout.restart.mode does not restart them");
    return;
  }
  // Pods under way are awaited; nothing new begins during an obstacle.
  const bool hindered = hindrance().has_value();
  if (hindered && (!moving(c) || now_ >= deadline)) return enter(State::kPreflight);
  if (now_ >= deadline && !approved()) return overdue(c);
  again(deadline);
  // The reason of a try that changed nothing stays until its successor is known.
  if (triesForNothing() == 0 || isOwnObstacle(r_.reason)) explainStep();
  if (hindered || !budget_.acts[index_]) return;
  if (excess) return trim(c);
  replacePods();
}

// The step takes its course, unless something else is found to hold it.
void Machine::explainStep() {
  if (const auto against = hindrance()) return wait(against->reason, against->message);
  if (!budget_.acts[index_]) return wait(RolloutReason::kQueued, "other workloads come first");
  if (othersCome()) {
    return wait(RolloutReason::kFruitlessReplacements,
                "what came of the pods that other workloads of the policy replaced is not known "
                "yet");
  }
  // The owner may be unable to go on: a quota has no room for a pod more, with or without the agent.
  // It goes on once a pod has come.
  if (rollsForUs() && w_.refusal && newestPod() <= w_.refusal->at) {
    if (auto words = refusedInTry()) return wait(RolloutReason::kPodRefused, *std::move(words));
  }
  wait(RolloutReason::kReplacingPods,
       "its pods are replaced a few at a time: more go when those that came last are ready");
}

}  // namespace profiling::engine
