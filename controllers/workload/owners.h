// Resolves the workload that a group of pods belongs to. A pod shows only its direct owner: the
// Deployment of a ReplicaSet, or the CronJob of a Job, is guessed from names until the owner is
// read.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "controllers/pods/pod_group.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/base/mutex.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

using WorkloadRecords = std::vector<std::shared_ptr<const api::WorkloadProfile>>;

struct ResolvedWorkload {
  api::WorkloadRef workload;
  PodGroup pods;                        // the pods of the group that belong to it
  std::vector<std::string> owner_uids;  // their direct owners, where those are not the workload
};

// Thread-safe. One GET for each ReplicaSet or Job that neither an earlier call nor a record knows.
class OwnerResolver {
 public:
  explicit OwnerResolver(kube::Client& client) : client_(client) {}

  // Bare pods and pods whose owner no longer exists are in no workload. `records`: the group's.
  Result<std::vector<ResolvedWorkload>> resolve(const PodGroup& group,
                                                const WorkloadRecords& records,
                                                const std::stop_token& stop);

 private:
  Result<api::WorkloadRef> workloadOf(const PodClass& pods, const std::string& namespace_,
                                      const std::stop_token& stop);
  void remember(const std::string& owner_uid, const api::WorkloadRef& workload);

  kube::Client& client_;
  Mutex mutex_;
  // By the direct owner's uid.
  std::unordered_map<std::string, api::WorkloadRef> known_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::controllers
