// Reads the engine's world from the controller's stores: records, pods, policies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "controllers/engine/engine.h"
#include "controllers/pods/pod_table.h"
#include "controllers/pods/refusal_table.h"
#include "controllers/workload/index.h"
#include "operator/base/mutex.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

struct Member {
  std::shared_ptr<const api::WorkloadProfile> record;
  std::string group;  // "namespace/Kind/name"
};

// Thread-safe. The facts about a workload's pods are kept until the pods, the policies or the
// record's preflight change: ten thousand workloads are read in milliseconds.
class WorldReader {
 public:
  WorldReader(const PodTable& pods, WorkloadIndex& index,
              const kube::Store<api::WorkloadProfile>& records,
              const kube::Store<inject::NamespaceRecord>& namespaces, const RefusalTable& refusals)
      : pods_(pods),
        index_(index),
        records_(records),
        namespaces_(namespaces),
        refusals_(refusals) {}

  // The workloads that `policy` decides about; world.workloads[i] is members[i]. `members` must
  // outlive the world, which may read pods later.
  engine::World read(const api::EffectivePolicy& policy, const engine::Plan& plan,
                     std::vector<Member>& members, engine::Time now);
  // The workloads with a rollout record that no policy decides about any more.
  engine::World orphans(std::vector<Member>& members, engine::Time now);

 private:
  struct Facts {
    std::uint64_t generation = 0;
    std::weak_ptr<const inject::Snapshot> policies;
    std::optional<api::Preflight> preflight;
    std::weak_ptr<const WorkloadEvaluation> evaluation;
    std::shared_ptr<const engine::Pods> pods;  // null when steady: read when needed
    std::optional<std::string> steady;
    bool unsupported = false;
    api::RecordedReason reason;
  };
  std::shared_ptr<const Facts> factsOf(const std::string& group, const api::WorkloadProfile& record,
                                       std::uint64_t generation);
  void forgetGone(std::size_t records);
  std::shared_ptr<const engine::Pods> podsOf(const std::string& group,
                                             const api::WorkloadProfile& record) const;
  bool counts(const api::WorkloadProfile& record, const std::string& group, bool has_pods) const;
  void readOthers(const api::EffectivePolicy* policy, engine::World& world) const;  // null: orphans
  void readImages(const api::EffectivePolicy& policy, const engine::Plan& plan,
                  const Member& member, const engine::World& world, engine::Workload& w) const;
  std::optional<engine::Refusal> refusalOf(const api::WorkloadProfile& record) const;
  engine::Workload workloadOf(const Member& member, const std::string& policy_uid,
                              std::uint64_t generation);

  const PodTable& pods_;
  WorkloadIndex& index_;
  const kube::Store<api::WorkloadProfile>& records_;
  const kube::Store<inject::NamespaceRecord>& namespaces_;
  const RefusalTable& refusals_;
  Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Facts>> facts_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::controllers
