// What comes of replacing pods. A pod is replaced so that its successor is different: where the
// successors stay as they were, more replacing helps nobody and costs the application pods. So few
// pods are away before the outcome of their going is known; after a try that changed nothing the
// workload waits, after the second it is held, and later tries come ever less often.
#include <algorithm>

#include "controllers/engine/machine_impl.h"
#include "operator/base/backoff.h"

namespace profiling::engine {
namespace {

using State = api::WorkloadState;
using api::RolloutReason;

constexpr Duration kOutcomePoll{std::chrono::seconds(3)};
constexpr Duration kShortestWait{std::chrono::seconds(30)};
constexpr Duration kLongestWait{std::chrono::hours(24)};
constexpr Duration kClockSkew{std::chrono::seconds(5)};
constexpr std::int64_t kTriesBeforeHold = 2;  // that changed nothing
// Pods away before the outcome of the first is known, and once pods have come as they should.
constexpr std::int64_t kUnproven = 1;
constexpr std::int64_t kProven = 2;
constexpr std::int64_t kProvenPart = 10;  // … or this part of those that have come
// Replacements in all workloads whose outcome is awaited or was nothing, before the others wait. As
// many as there are workloads with a good outcome do not count.
constexpr std::int64_t kUnprovenInPolicy = 4;

}  // namespace

Duration pauseAfter(const Plan& plan, std::int64_t fruitless) {
  return growingWait(std::max(plan.cooldown, kShortestWait), fruitless, kLongestWait);
}

// Whether a pod is what the replacing was to end.
bool Machine::unwanted(const Pod& pod, Wish wish) const {
  if (wish == Wish::kCarry) return pod.eligible && pod.revision != r_.target_revision;
  if (r_.state != State::kRollingBack) return pod.revision == r_.target_revision;
  return !pod.revision.empty() && pod.revision != r_.stable_revision;
}

Machine::Outcome Machine::outcomeOf(Wish wish) const {
  if (!r_.replacements || r_.replacements->since.empty()) return Outcome::kNone;
  std::int64_t came = 0;
  std::int64_t changed = 0;
  std::int64_t same = 0;
  for (const Pod& pod : *pods_) {
    if (!this->came(pod)) continue;
    ++came;
    if (!unwanted(pod, wish)) ++changed;
    if (unwanted(pod, wish) && !pod.deleting) ++same;
  }
  const bool all = changed >= r_.replacements->asked;
  if (all && (wish == Wish::kCarry || same == 0)) return Outcome::kCame;
  const Counts c = counts(r_.target_revision);
  const auto waited = std::chrono::duration_cast<Duration>(now_ - timeOf(r_.last_restart));
  const bool moving =
      c.deleting > 0 || (w_.owner && (c.live < w_.owner->replicas || w_.owner->rolling_out));
  if (!moving && came == 0 && !restartWasUndone()) {
    // The watches do not show it yet, or it was refused.
    return waited < kLookAgain && !w_.nothing_went ? Outcome::kAwaited : Outcome::kNone;
  }
  if (waited < kSettleTime || (moving && waited < plan_.gates.ready_within)) {
    return Outcome::kAwaited;
  }
  const bool fruitless = wish == Wish::kCarry ? changed == 0 : same > 0;
  return fruitless ? Outcome::kFruitless : Outcome::kCame;
}

// How many running pods may be asked to go now.
std::int64_t Machine::mayReplace(Wish wish) {
  switch (outcomeOf(wish)) {
    case Outcome::kNone:
      if (r_.replacements && !r_.replacements->since.empty()) {
        // Nothing went, or the owner needs fewer pods now.
        r_.replacements->since.clear();
        r_.replacements->newest.clear();
        r_.replacements->asked = 0;
        if (r_.replacements->fruitless == 0) r_.replacements.reset();
      }
      break;
    case Outcome::kAwaited:
      again(now_ + kOutcomePoll);
      return 0;
    case Outcome::kCame:
      proven();
      break;
    case Outcome::kFruitless:
      fruitless(wish);
      return 0;
  }
  if (newcomerThisSecond()) {
    again(now_ + std::chrono::seconds(1));
    return 0;
  }
  if (const auto later = policyWaitsUntil()) {
    again(later);
    return 0;
  }
  if (!r_.replacements) return kUnproven;
  if (!r_.replacements->next.empty() && now_ < timeOf(r_.replacements->next)) {
    again(timeOf(r_.replacements->next));
    return 0;
  }
  if (triesForNothing() > 0) return kUnproven;
  return std::max(kProven, counts(r_.target_revision).on / kProvenPart);
}

void Machine::asked(std::int64_t count) {
  if (count <= 0) return;
  if (!r_.replacements) r_.replacements.emplace();
  if (r_.replacements->since.empty()) {
    r_.replacements->since = timeText(now_);
    r_.replacements->newest = timeText(newestPod());
    ++budget_.awaited;
  }
  r_.replacements->asked += count;
  r_.last_restart = timeText(now_);
}

// The pods that were replaced last came as they should, or no longer matter.
void Machine::proven() {
  if (r_.replacements) r_.replacements.emplace();
}

// Pods that came since then are not replaced: what made them what they are has not changed. The
// webhook learns of an assignment a little later than it is recorded.
Time Machine::tryBegan() const {
  const Time since = timeOf(r_.since) + world_.webhook_lag;
  if (!r_.replacements || r_.replacements->next.empty()) return since;
  return std::max(since, timeOf(r_.replacements->next));
}

bool Machine::tryIsDue() const {
  return r_.replacements && !r_.replacements->next.empty() && timeOf(r_.replacements->next) <= now_;
}

// Whether a pod that does not run may be deleted, so that one without the agent takes its place.
bool Machine::mayDelete(const Pod& pod) const {
  if (!r_.replacements) return true;
  const api::Replacements& r = *r_.replacements;
  if (!r.since.empty()) return !came(pod);
  return r.fruitless == 0 || r.next.empty() || timeOf(r.next) <= now_;
}

// Whether too much is uncertain in the policy's other workloads to begin here.
bool Machine::othersCome() const {
  const bool own =
      r_.replacements && (r_.replacements->fruitless == 0 || !r_.replacements->since.empty());
  const std::int64_t uncertain = budget_.fruitless + budget_.awaited;
  return !own && uncertain >= std::max(kUnprovenInPolicy, budget_.proven);
}

// Replacing has changed nothing in so many workloads that one tries at a time, and ever less often.
std::optional<Time> Machine::policyTriesAt() const {
  if (!othersCome() || budget_.fruitless < std::max(kUnprovenInPolicy, budget_.proven)) {
    return std::nullopt;
  }
  const Duration pause = pauseAfter(plan_, 1) * budget_.fruitless / 2;
  return budget_.last_fruitless + std::min(pause, kLongestWait);
}

// When to look again whether the other workloads leave room for a try; nullopt: they do.
std::optional<Time> Machine::policyWaitsUntil() const {
  const auto at = policyTriesAt();
  if (at ? now_ >= *at && budget_.awaited == 0 : !othersCome()) return std::nullopt;
  return std::max(at.value_or(now_), now_ + kOutcomePoll);
}

void Machine::fruitless(Wish wish) {
  auto [reason, message] = wish == Wish::kCarry ? whyMissed() : whyKept();
  if (!r_.replacements) r_.replacements.emplace();
  api::Replacements& r = *r_.replacements;
  r.fruitless += std::clamp<std::int64_t>(r.asked, 1, kTriesBeforeHold);
  r.since.clear();
  r.newest.clear();
  r.asked = 0;
  const Time next = now_ + pauseAfter(plan_, r.fruitless);
  r.next = timeText(next);
  again(next);
  if (r.fruitless < kTriesBeforeHold) return wait(reason, std::move(message));
  if (r_.state == State::kRollingBack) {
    return enter(State::kRolledBack, reason, std::move(message));
  }
  GateResult result;
  result.verdict.result = api::Verdict::kInconclusive;
  result.verdict.reason = reason;
  result.verdict.message = std::move(message);
  hold(result);
}

// Somebody has taken our annotation out of the pod template again.
bool Machine::restartWasUndone() const {
  const std::string mine = r_.target_revision + "-";
  return r_.restart_attempts > 0 && w_.owner && !w_.owner->restarted_for.starts_with(mine);
}

// By the API server's times alone: this process's clock may be away from them. A record of an earlier
// version has no such time.
bool Machine::came(const Pod& pod) const {
  const api::Replacements& r = *r_.replacements;
  return r.newest.empty() ? pod.created >= timeOf(r.since) : pod.created > timeOf(r.newest);
}

// The time of a pod's creation has whole seconds, so such a pod could not be distinguished from one
// that comes for the next one that goes.
bool Machine::newcomerThisSecond() const {
  const Time second = timeOf(timeText(now_));
  return std::ranges::any_of(*pods_, [&](const Pod& pod) { return pod.created >= second; });
}

// When the youngest pod was created; before this second, so that those which come in it count.
Time Machine::newestPod() const {
  Time newest{};
  for (const Pod& pod : *pods_) newest = std::max(newest, pod.created);
  return std::min(newest, timeOf(timeText(now_)) - std::chrono::seconds(1));
}

// The newest pod that came although it is not wanted.
const Pod* Machine::newcomer(Wish wish) const {
  const bool open = r_.replacements && !r_.replacements->since.empty();
  Time since = timeOf(r_.since);
  if (!r_.last_restart.empty()) since = std::min(since, timeOf(r_.last_restart));
  const Pod* last = nullptr;
  for (const Pod& pod : *pods_) {
    const bool is_new = open ? came(pod) : pod.created >= since;
    if (!is_new || pod.deleting || !unwanted(pod, wish)) continue;
    if (last == nullptr || pod.created > last->created) last = &pod;
  }
  return last;
}

// What the API server said of the workload's pods since the try began, if it refused one.
std::optional<std::string> Machine::refusedInTry() const {
  const bool open = r_.replacements && !r_.replacements->since.empty();
  const Time since = timeOf(open ? r_.replacements->since : r_.since);
  if (!w_.refusal || w_.refusal->at + kClockSkew < since) return std::nullopt;
  return strCat("the API server refuses pods of the workload: ", w_.refusal->words);
}

std::pair<Machine::Reason, std::string> Machine::whyMissed() const {
  if (auto words = refusedInTry()) return {RolloutReason::kPodRefused, *std::move(words)};
  if (restartWasUndone()) {
    return {RolloutReason::kGitOpsConflict, std::string(kGitOpsConflict)};
  }
  const Pod* pod = newcomer(Wish::kCarry);
  if (pod == nullptr) {
    return {RolloutReason::kInjectionMissed,
            "no pod has come for the one that was replaced: see the events of the workload"};
  }
  if (pod->answer.empty()) {
    return {RolloutReason::kWebhookNotAsked,
            strCat("pod ", pod->name,
                   " came without the agent and without an answer of the webhook: check that the "
                   "API server reaches it and that its namespaceSelector lets the namespace in")};
  }
  return {
      RolloutReason::kInjectionMissed,
      strCat("pod ", pod->name, " came without the agent; the webhook's reason is ", pod->answer)};
}

std::pair<Machine::Reason, std::string> Machine::whyKept() const {
  const Pod* pod = newcomer(Wish::kShed);
  return {RolloutReason::kPodsRemain,
          strCat("pod ", pod == nullptr ? "" : pod->name,
                 " came with an agent that is not assigned to it: check the pod template, and that "
                 "the webhook is reachable")};
}

}  // namespace profiling::engine
