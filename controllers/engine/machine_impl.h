// One call of advance(): the state that its parts share. Internal to machine.cc, states.cc,
// preflight.cc, quarantine.cc, replacements.cc, stepping.cc and undo.cc.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "controllers/engine/machine.h"
#include "controllers/engine/obstacles.h"
#include "operator/base/str_cat.h"

namespace profiling::engine {

// Polls what sends no event: owners, HPAs, PDBs, other policies.
inline constexpr Duration kLookAgain{std::chrono::seconds(15)};

inline constexpr std::string_view kGitOpsConflict =
    "the annotation profiling.dev/restarted-for keeps being removed from the pod template, by a "
    "GitOps tool or by 'kubectl rollout undo': let the tool ignore "
    "/spec/template/metadata/annotations/profiling.dev~1restarted-for, or set "
    "rollout.restart.method to 'Evict'";

inline bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

class Machine {
 public:
  Machine(const Plan& plan, const World& world, std::size_t index, bool in_turn, Budget& budget)
      : plan_(plan),
        world_(world),
        w_(world.workloads[index]),
        index_(index),
        in_turn_(in_turn),
        now_(world.now),
        budget_(budget),
        pods_(world.podsOf(index)),
        r_(w_.record) {}

  Change run();

 private:
  using State = api::WorkloadState;
  using Reason = api::RecordedReason;
  struct Obstacle {
    Reason reason;
    std::string message;
    std::optional<Time> again;
    bool skip = false;  // it does not end: the workload takes no part
  };

  // machine.cc and states.cc
  void transition();
  void retarget();
  void pending();
  void soaking();
  void evaluating();
  void complete();
  void paused();
  bool obstacleLasts();
  void skipped();
  void advanceStep();
  void enter(State state, Reason reason = {}, std::string message = {});
  void wait(Reason reason, std::string message, std::optional<Time> when = std::nullopt);
  void assign(const std::string& revision);
  void remember(api::HistoryResult result, const Reason& reason);
  bool takeSlot();
  bool healthy();  // false: a failure was dealt with, or the workload was held
  void take(const GateResult& result);
  void hold(const GateResult& result);
  GateResult judge(bool everything) const;

  // preflight.cc
  void preflight();
  void preflightJob();
  void preflightWithoutPods();
  void meet(const Obstacle& against);
  void holdFor(const Obstacle& against);
  bool scaledToZero();  // true: dealt with, or the owner is to be read
  bool belowPartition() const;
  void baselining();
  std::optional<Obstacle> obstacle();
  std::optional<Obstacle> ownObstacle();  // apart from its turn and the policy
  std::optional<Obstacle> policyWide(PolicyWideObstacle::Stops moves) const;
  std::optional<Obstacle> ownerObstacle();
  std::optional<Obstacle> busyOwner() const;
  std::optional<Obstacle> disruptionObstacle() const;
  std::optional<Obstacle> podsAway() const;
  std::optional<Obstacle> agentInTemplate() const;
  std::optional<Obstacle> unhealthyBefore() const;
  bool unhealthy(const Pod& pod) const;  // and it does not carry the target

  // stepping.cc
  void stepping();
  void shareOut();
  std::int64_t percent() const;  // of the pods that may carry the target at this step
  void trim(const Counts& c);
  bool inTheGap(const Counts& c) const;
  bool rollsForUs() const;  // our annotation, through its owner
  void replacePods();
  void explainStep();
  std::optional<Obstacle> stepObstacle() const;
  void waitInStep(const Obstacle& against);
  bool moving(const Counts& c) const;  // pods of this step are under way
  std::int64_t coming(const Counts& c) const;
  std::int64_t away(const Counts& c) const;
  void restartByTemplate();
  std::string stepToken() const;
  std::string restartToken() const;           // of our template annotation
  std::optional<Obstacle> hindrance() const;  // to replacing pods
  bool repairing() const { return r_.reason == api::RolloutReason::kRepair; }
  void evictOld(std::int64_t count);
  void overdue(const Counts& c);  // the progress deadline has passed
  void evict(const std::vector<const Pod*>& pods, std::int64_t count);
  bool restartsByTemplate() const;
  bool restartedForStep() const;
  bool onlyPod() const;
  std::int64_t goal() const;
  std::int64_t firstOrdinal() const;

  // replacements.cc
  enum class Wish { kCarry, kShed };  // the pods that come are to have the target, or not to
  enum class Outcome { kNone, kAwaited, kCame, kFruitless };
  std::int64_t mayReplace(Wish wish);
  void asked(std::int64_t count);  // that many pods are being replaced
  void proven();
  void fruitless(Wish wish);
  Outcome outcomeOf(Wish wish) const;
  bool unwanted(const Pod& pod, Wish wish) const;
  Time tryBegan() const;
  bool tryIsDue() const;
  bool othersCome() const;
  std::optional<Time> policyTriesAt() const;
  std::optional<Time> policyWaitsUntil() const;
  bool mayDelete(const Pod& pod) const;
  const Pod* newcomer(Wish wish) const;
  bool came(const Pod& pod) const;  // since the replacing whose outcome is awaited began
  Time newestPod() const;
  bool newcomerThisSecond() const;
  bool restartWasUndone() const;
  std::optional<std::string> refusedInTry() const;
  std::pair<Reason, std::string> whyMissed() const;
  std::pair<Reason, std::string> whyKept() const;
  std::int64_t triesForNothing() const { return r_.replacements ? r_.replacements->fruitless : 0; }

  // quarantine.cc
  std::optional<Obstacle> quarantined();
  bool probes() const;  // one of its images is to be tried in one pod first
  void quarantine();
  void clearQuarantine();

  // undo.cc
  void fail(const GateResult& result);
  bool reduce(const GateResult& result);  // profiles less; false: there is nothing less
  std::optional<std::int64_t> smallerShare() const;
  // Per cent of the pods that actually carry the target at a share: one of four pods is 25.
  std::int64_t trueShare(std::int64_t share) const;
  void rollBack(const Reason& reason, const std::string& message, api::HistoryResult history);
  void rollingBack();
  void rolledBack();
  void withoutPolicy();
  std::optional<Time> graceEnds() const;  // of a policy that is gone; absent: now
  bool abortWanted() const;
  std::string stableBefore() const;
  std::vector<const Pod*> toUndo() const;

  bool managed() const { return r_.restart_mode == api::RestartMode::kManaged; }
  bool jobs() const { return w_.kind == "Job" || w_.kind == "CronJob"; }
  bool promotedFully() const { return plan_.promoted == r_.target_revision; }
  bool approved() const {
    return promotedFully() ||
           (!r_.target_revision.empty() && w_.overrides.approve == r_.target_revision);
  }
  bool lastStep() const { return r_.step >= static_cast<std::int64_t>(plan_.pod_steps.size()); }
  // A future time forgives nothing yet: it would forgive every failure until then, over and over.
  bool forgiven() const {
    return plan_.retried && *plan_.retried <= now_ && timeOf(r_.since) <= *plan_.retried;
  }
  std::int64_t partition() const { return w_.owner ? w_.owner->partition : 0; }
  Counts counts(std::string_view revision) const {
    return countPods(*pods_, revision, partition());
  }
  // A deadline that has passed changes nothing any more.
  void again(std::optional<Time> t) {
    if (t && *t > now_) keepEarlier(budget_.again, t);
  }

  const Plan& plan_;
  const World& world_;
  const Workload& w_;
  const std::size_t index_;
  const bool in_turn_;
  const Time now_;
  Budget& budget_;
  const std::shared_ptr<const Pods> pods_;
  api::WorkloadRollout r_;
  std::vector<Action> actions_;
  bool wants_owner_ = false;
  bool finishing_ = false;  // of an older target: nothing new begins
};

}  // namespace profiling::engine
