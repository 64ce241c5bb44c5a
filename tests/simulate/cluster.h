// The actual state of the cluster: owners that replace their pods, pods that start, fail and end, and
// the effects of our evictions and restarts. Independent of the engine.
//
// A hole begins when we remove a running pod and ends when its replacement is ready;
// maxUnavailable limits them. A replacement that ends before it was ready passes the hole on.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulate/events.h"
#include "tests/simulate/random.h"
#include "tests/simulate/scenario.h"

namespace profiling::simulate {

struct SimPod {
  std::uint64_t id = 0;
  std::string revision;
  std::int64_t ordinal = -1, generation = 0, restarts = 0;
  Ms created = 0, ready_since = 0;
  bool ready = false, deleting = false, fills_hole = false;
  std::string answer;  // the webhook's reason, where it left the pod without an agent
  std::optional<engine::Failure> failure;
  std::string name() const { return "p" + std::to_string(id); }
  std::string uid() const { return "u" + std::to_string(id); }
};

struct SimWorkload {
  const WorkloadSpec* spec = nullptr;
  std::vector<SimPod> pods;
  std::int64_t replicas = 0, generation = 0, creating = 0;
  bool paused = false, budget_spent = false;
  bool ours_rolls = false;  // the current roll is due to our annotation
  std::string restarted_for;
  std::int64_t unfilled = 0;  // holes without a replacement
  std::vector<Ms> holes;      // when each was made
  Ms touched = -kNever;       // last time we replaced a pod
  Ms refused = -kNever;       // last time the API server refused a pod with an agent
  Random random{0};

  std::int64_t live() const;
  std::int64_t ready() const;
  // Pods unavailable because of us; a surge pod makes up for one.
  std::int64_t away() const;
  bool rolling() const;  // pods of an older template are being replaced
  bool rolls() const { return !paused && !spec->on_delete && !spec->batch(); }
};

enum class Answer { kDone, kNothing, kGone, kRefused };

class Cluster {
 public:
  // Which revision a new pod gets, and the observer of changes to a workload's pods.
  using Admit = std::function<std::string(std::size_t workload, const SimPod& pod)>;
  using Tell = std::function<void(std::size_t workload)>;
  using Counted = std::function<void(std::size_t workload, const SimPod& pod, bool came)>;
  Cluster(const Scenario& scenario, Events& events, Admit admit, Tell changed, Counted counted);

  // The initial state: all pods run, with the policy's stable revision.
  void fill();
  void handle(const Event& event);
  void lose(std::size_t workload);  // one pod, because its node fails
  void deploy(std::size_t workload);
  void scale(std::size_t workload, std::int64_t replicas);
  void run(std::size_t workload);  // creates a CronJob's pod
  void heal(std::size_t workload);

  Answer take(std::size_t workload, const std::string& uid, bool evict);
  Answer restart(std::size_t workload, const std::string& token);

  const std::vector<SimWorkload>& workloads() const { return workloads_; }
  engine::Owner owner(std::size_t workload) const;

 private:
  bool suffers(std::size_t workload, Fault::Kind kind) const;
  bool admit(std::size_t workload, SimPod& pod);  // false: the API server refuses it
  const Fault* worst(std::size_t workload, const SimPod& pod) const;
  void create(std::size_t workload);
  void started(std::size_t workload, SimPod& pod);
  void remove(std::size_t workload, SimPod& pod);
  void gone(std::size_t workload, std::uint64_t id);
  void reconcile(std::size_t workload);
  void roll(std::size_t workload);
  void fail(std::size_t workload, SimPod& pod, const Fault& fault);
  void planCreate(std::size_t workload);
  std::int64_t freeOrdinal(const SimWorkload& w) const;
  SimPod* find(std::size_t workload, std::uint64_t id);

  const Scenario& scenario_;
  Events& events_;
  const Admit admit_;
  const Tell changed_;
  const Counted counted_;
  std::vector<SimWorkload> workloads_;
  std::uint64_t last_id_ = 0;
};

}  // namespace profiling::simulate
