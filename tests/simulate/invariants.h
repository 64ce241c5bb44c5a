// Invariants of every schedule, whatever happens in it. Checked against the actual cluster
// and the decision made, without any of the engine's own arithmetic.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulate/controller.h"
#include "tests/simulate/webhook.h"

namespace profiling::simulate {

enum class Rule : std::uint8_t {
  kParallel = 1,     // maxParallel and the cluster-wide limit are kept
  kUnavailable = 2,  // at most maxUnavailable pods of a workload are down because of us
  kForbidden = 3,    // no restarts while paused, outside windows, in the cooldown, against the mode
  kAssigned = 4,     // pods get only the revisions that their record assigns
  kRejected = 5,     // no pod gets or keeps a rejected revision
  kFlapping = 6,     // rejected revisions do not return; assignments settle
  kProgress = 7,     // a healthy rollout completes
  kFrozen = 8,       // an exhausted failure budget starts no workload
  kSilence = 9,      // no step completes without a verdict
  kSameEnd = 10,     // kills and delays do not change the end state
  kBlame = 11,       // failures are attributed to their true cause
  kPure = 12,        // equal inputs give equal decisions
  kQuarantine =
      13,  // no rollout starts where an agent broke the image; another agent gets one pod first
  kFruitless = 14  // pods are not replaced over and over when those that come are no different
};
std::string_view ruleName(Rule rule);

struct Violation {
  Rule rule = Rule::kPure;
  std::string message;  // time, workload and defect
};

class Invariants : public Observer {
 public:
  Invariants(const Scenario& scenario, const Events& events, const Cluster& cluster,
             const Store& store, const Webhook& webhook, const Decide& decide);

  void decided(const engine::Plan& plan, const engine::World& world,
               const engine::Decision& result) override;
  void written(std::size_t workload, const api::WorkloadRollout& before,
               const api::WorkloadRollout& after) override;
  void acting(const engine::Plan& plan, std::size_t workload,
              const engine::Action& action) override;
  void admitted(std::size_t workload, const std::string& revision);
  void came(std::size_t workload, const std::string& revision);
  void scripted(const Step& step);  // a scripted change: settled workloads may move again
  void clockJumped();
  void ended(bool in_time);

  const std::optional<Violation>& violation() const { return violation_; }
  std::int64_t overshoot() const { return overshoot_; }  // the most pods above targetPods

 private:
  struct Memory {  // per workload
    std::set<std::string> barred;
    std::int64_t assignments = 0, states = 0;
    std::string round;
    std::string full;  // the round in which a pod came when there were enough with the target
    std::optional<engine::Time> acted;
    Ms given_up = -kNever - 1;    // held or skipped while its pods were being replaced
    std::vector<Ms> for_nothing;  // replacements since a pod came with the target
  };
  struct Look {  // one change of one decision
    const engine::Plan& plan;
    const engine::World& world;
    const engine::Workload& workload;
    const engine::Change& change;
    std::size_t index;
  };
  void checkActions(const Look& look);
  void checkStart(const Look& look, std::int64_t failures);
  void checkShare(const Look& look);
  void checkStep(const Look& look);
  void checkBlame(const Look& look);
  void checkQuarantine(const Look& look);
  void checkProbes(const engine::World& world, const engine::Decision& result);
  void checkPurity(const engine::Plan& plan, const engine::World& world,
                   const engine::Decision& result);
  void endOf(std::size_t workload, bool in_time);
  void checkRound(const engine::Plan& plan, std::size_t workload);
  void checkFruitless(const engine::Plan& plan, std::size_t workload);
  bool inFlight(std::size_t workload) const;
  void fail(Rule rule, std::size_t workload, const std::string& what);

  const Scenario& scenario_;
  const Events& events_;
  const Cluster& cluster_;
  const Store& store_;
  const Webhook& webhook_;
  const Decide& decide_;
  std::vector<Memory> memory_;
  // Work that a budget allowed may finish after the budget was lowered.
  struct Budgets {
    Ms until;
    std::int64_t parallel, unavailable, elsewhere;
  };
  std::vector<Budgets> lately_;
  engine::Time now_{};  // by the controller's clock
  std::uint64_t decisions_ = 0;
  std::int64_t overshoot_ = 0;
  std::optional<Violation> violation_;
};

}  // namespace profiling::simulate
