// Moves the rollouts on: reads the world, asks the engine, writes the records, acts.
//
// A record is written with the version that it was decided from, so that a decision from an old
// view is refused; only then the actions follow. What was acted on is remembered until the watch
// shows it, so that a pod is not asked to go while another is on its way that is not seen yet.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controllers/events/event.h"
#include "controllers/revisions/resolved.h"
#include "controllers/revisions/revisions.h"
#include "controllers/rollout/gather.h"
#include "controllers/rollout/signals.h"
#include "controllers/runtime/runner.h"
#include "operator/base/clock.h"

namespace profiling::controllers {

// The key of workloads that no policy decides about any more; the others are those of policies:
// "namespace/name", or "name" of a cluster policy.
inline const std::string kOrphans = "/orphans";

struct RolloutStats {
  std::map<std::string, std::uint64_t> verdicts;  // by "result attribution", as they came up
  std::map<std::string, std::uint64_t> actions;   // evict, delete, restart
  std::map<std::string, std::int64_t> workloads;  // by state, of the last look at each policy
};

struct RolloutStores : PolicyStores {
  const kube::Store<api::WorkloadProfile>& records;
};

// Used by several workers at once, each with another policy. Everything given must outlive it.
class RolloutReconciler {
 public:
  RolloutReconciler(kube::Client& client, RolloutStores stores, const PodTable& pods,
                    WorkloadIndex& index, Signals& signals, std::string operator_namespace,
                    std::int64_t max_restarting, EventSink& events,
                    const Clock& clock = Clock::real());

  Outcome reconcile(const std::string& key, const std::stop_token& stop);
  RolloutStats stats() const;

 private:
  using Policy = std::shared_ptr<const api::EffectivePolicy>;
  struct Pass;

  Policy policyOf(const std::string& key) const;
  Outcome move(Pass& pass, const std::stop_token& stop);
  Status readOwners(Pass& pass, const std::stop_token& stop);
  Outcome write(Pass& pass, const std::stop_token& stop);
  Status carryOut(Pass& pass, const engine::Change& change, const std::stop_token& stop);
  Status actOn(Pass& pass, const engine::Change& change, const std::stop_token& stop);
  Status writeRecord(const Member& member, const api::WorkloadRollout& rollout,
                     const std::stop_token& stop);
  Status writePolicy(Pass& pass, const std::stop_token& stop);
  Status keepRevisions(Pass& pass, const std::stop_token& stop);
  void tell(const std::string& policy, const Member& member, const api::WorkloadRollout& before,
            const api::WorkloadRollout& after);
  engine::Time now() const;
  // When the first of the marks ends, for then the pod may have to be asked again.
  std::optional<Millis> markGoing(engine::World& world);
  void count(const std::string& policy, const engine::World& world,
             const std::vector<engine::Change>& changes);

  kube::Client& client_;
  const RolloutStores stores_;
  const PodTable& pods_;
  const WorkloadIndex& index_;
  WorldReader reader_;
  Signals& signals_;
  RevisionKeeper revisions_;
  const std::int64_t max_restarting_;
  EventSink& events_;
  const Clock& clock_;
  const WallTime started_;
  const SteadyTime started_steady_;

  mutable std::mutex mutex_;
  std::map<std::string, SteadyTime> going_;  // pods that were asked to go, by uid: until when
  RolloutStats stats_;
  std::map<std::string, std::map<std::string, std::int64_t>> states_;  // by policy
};

}  // namespace profiling::controllers
