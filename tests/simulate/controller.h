// The process around the engine, modelled on controllers/rollout: it sees the cluster late, writes
// records before it acts, reads its own writes, and may be killed between any two of them.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "controllers/engine/engine.h"
#include "tests/simulate/cluster.h"
#include "tests/simulate/random.h"
#include "tests/simulate/store.h"

namespace profiling::simulate {

using Decide = std::function<engine::Decision(const engine::Plan&, const engine::World&)>;

struct LateAction {
  std::size_t workload = 0;
  engine::Action action;
};

// Sees everything that a controller does; the invariants implement it.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void decided(const engine::Plan& plan, const engine::World& world,
                       const engine::Decision& result) = 0;
  virtual void written(std::size_t workload, const api::WorkloadRollout& before,
                       const api::WorkloadRollout& after) = 0;
  virtual void acting(const engine::Plan& plan, std::size_t workload,
                      const engine::Action& action) = 0;
};

class Controller {
 public:
  Controller(const Scenario& scenario, Events& events, Cluster& cluster, Store& store,
             const Decide& decide, Observer& observer, std::vector<LateAction>& late);

  void start(Ms clock_jump);      // a new process; it lists everything
  void stopAt(const Step& kill);  // at the next decision that does something
  void handle(const Event& event);
  // Called by the watches when something changed.
  void podsChanged(std::size_t workload);
  void recordChanged(std::size_t workload);
  void planChanged();
  void act(const LateAction& late);

  std::uint64_t decisions() const { return decisions_; }
  bool busy() const;  // some workload is being moved

 private:
  void decide();
  void wantDecision(Ms at);
  void readQuarantine();
  engine::Decision ask();  // like the product: without pods that the engine does not need
  bool readOwners(const engine::Decision& result);
  void apply(const engine::Decision& result);
  bool write(const engine::Change& change);
  void writePolicy(const engine::Decision& result);
  void perform(std::size_t workload, const engine::Action& action);
  void readRecord(std::size_t workload);
  void readPods(std::size_t workload);
  void readPlan();
  Ms delay() { return scenario_.undisturbed ? 0 : random_.below(scenario_.slowest_watch); }
  bool dies();  // counts a write or an action

  const Scenario& scenario_;
  Events& events_;
  Cluster& cluster_;
  Store& store_;
  const Decide& decide_;
  Observer& observer_;
  std::vector<LateAction>& late_;
  Random random_;

  // The process's memory; a restart clears it.
  std::uint64_t life_ = 0;
  bool alive_ = false;
  Ms clock_ = 0;  // offset of its wall clock
  engine::World world_;
  engine::Plan plan_;
  std::vector<std::uint64_t> versions_;
  std::set<std::string> asked_;  // uids of evicted pods that may still look alive
  std::vector<bool> pods_due_, record_due_;
  Ms decision_due_ = kNever, last_decision_ = -kNever;
  std::optional<Step> kill_;
  std::int64_t left_ = 0;  // writes and actions until it dies
  std::uint64_t decisions_ = 0;
};

}  // namespace profiling::simulate
