// Advances the rollouts: reads the world, lets the engine decide, writes the records, performs the
// actions.
//
// A record is written with the version that it was decided from, so that a decision from an old
// view is refused; only then the actions follow. Evictions are remembered until the watch shows
// them, so that no second pod is evicted before the first is seen terminating.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controllers/events/event.h"
#include "controllers/revisions/resolved.h"
#include "controllers/revisions/revisions.h"
#include "controllers/rollout/gate_inputs.h"
#include "controllers/rollout/refusals.h"
#include "controllers/rollout/world_reader.h"
#include "controllers/runtime/runner.h"
#include "controllers/runtime/status_writer.h"
#include "operator/base/clock.h"
#include "operator/base/mutex.h"

namespace profiling::controllers {

// The key of the workloads that no policy decides about any more. All other keys name a policy:
// "namespace/name", or "name" of a cluster policy.
inline const std::string kOrphans = "/orphans";

struct RolloutStats {
  std::map<std::string, std::uint64_t> verdicts;  // by "result attribution", counted as they change
  std::map<std::string, std::uint64_t> actions;   // evict, delete, restart
  std::map<std::string, std::int64_t> workloads;  // by state, as of the last pass of each policy
};

// What the administrator grants.
struct RestartRights {
  bool granted = true;              // false: restart.mode Managed is taken for Never
  std::int64_t max_workloads = 20;  // of all policies, at the same time; 0: no limit
};

struct RolloutStores : PolicyStores {
  const kube::Store<api::WorkloadProfile>& records;
  const RefusalTable& refusals;
};

// Several workers may use it at once, each for another policy. Its arguments must outlive it.
// `owner_lost` is called with the group of a workload that no longer exists, though its record names
// it: another may have taken over its pods.
class RolloutReconciler {
 public:
  RolloutReconciler(kube::Client& client, RolloutStores stores, const PodTable& pods,
                    WorkloadIndex& index, GateInputs& gate_inputs,
                    const std::string& operator_namespace, const std::string& webhook_deployment,
                    RestartRights rights, EventSink& events, const Clock& clock = Clock::real(),
                    std::function<void(const std::string& group)> owner_lost = nullptr);

  Outcome reconcile(const std::string& key, const std::stop_token& stop);
  RolloutStats stats() const;

 private:
  using Policy = std::shared_ptr<const api::EffectivePolicy>;
  struct Pass;

  static void withoutRestarts(Pass& pass);
  Policy policyOf(const std::string& key) const;
  Outcome advance(Pass& pass, const std::stop_token& stop);
  void readOwners(Pass& pass, const std::stop_token& stop);
  Outcome write(Pass& pass, const std::stop_token& stop);
  Status carryOut(Pass& pass, const engine::Change& change, const std::stop_token& stop);
  Status actOn(Pass& pass, const engine::Change& change, const std::stop_token& stop);
  Status writeRecord(const Member& member, const api::WorkloadRollout& rollout,
                     const std::stop_token& stop);
  Status writePolicy(Pass& pass, const std::stop_token& stop);
  Status keepRevisions(Pass& pass, const std::stop_token& stop);
  void emitEvents(const std::string& policy, const Member& member,
                  const api::WorkloadRollout& before, const api::WorkloadRollout& after);
  void countVerdict(const api::WorkloadRollout& before, const api::WorkloadRollout& after);
  engine::Time now() const;
  std::string webhookProblem() const;  // empty: none
  // Returns how long the first mark lasts, because its pod may have to be evicted again then.
  std::optional<Millis> markEvicted(engine::World& world);
  void count(const std::string& policy, const engine::World& world,
             const std::vector<engine::Change>& changes);

  kube::Client& client_;
  StatusWriter statuses_;
  const RolloutStores stores_;
  const PodTable& pods_;
  WorkloadIndex& index_;
  WorldReader reader_;
  GateInputs& gate_inputs_;
  RevisionKeeper revisions_;
  const std::string webhook_group_;  // of its pods; empty: they are taken for ready
  const RestartRights rights_;
  EventSink& events_;
  const Clock& clock_;
  const std::function<void(const std::string&)> owner_lost_;
  Refusals refusals_;

  mutable Mutex mutex_;
  // By the uid of the pod: until when it counts as terminating.
  std::map<std::string, SteadyTime> evictions_ PROFILING_GUARDED_BY(mutex_);
  RolloutStats stats_ PROFILING_GUARDED_BY(mutex_);
  // By policy: workloads by state.
  std::map<std::string, std::map<std::string, std::int64_t>> states_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::controllers
