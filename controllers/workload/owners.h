// Resolves the workload that a group of pods belongs to. A pod shows only its direct owner: the
// Deployment of a ReplicaSet, or the CronJob of a Job, is guessed from names until the owner is
// read.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controllers/pods/pod_group.h"
#include "controllers/workload/seen_owners.h"
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

// kUnknown: the controller may not read objects of this kind.
enum class Existence { kThere, kGone, kUnknown };

// Thread-safe. One GET for each ReplicaSet or Job that neither an earlier call nor a record knows.
// What is known is read again when no record of the group belongs to that workload, and when the
// workload is lost: a ReplicaSet outlives a Deployment that is deleted with `--cascade=orphan`, and
// the next Deployment of that name adopts it.
class OwnerResolver {
 public:
  OwnerResolver(kube::Client& client, const SeenOwners& seen) : client_(client), seen_(seen) {}

  // Bare pods and pods whose owner no longer exists are in no workload. `records`: the group's.
  Result<std::vector<ResolvedWorkload>> resolve(const PodGroup& group,
                                                const WorkloadRecords& records,
                                                const std::stop_token& stop);
  // Whether the object exists with the uid. One GET.
  Result<Existence> look(const api::WorkloadRef& workload, const std::string& namespace_,
                         const std::stop_token& stop);

 private:
  // `recorded`: uids of the workloads that the group's records belong to.
  Result<api::WorkloadRef> workloadOf(const PodClass& pods, const std::string& namespace_,
                                      const std::unordered_set<std::string>& recorded,
                                      const std::stop_token& stop);
  void remember(const std::string& owner_uid, const api::WorkloadRef& workload);

  kube::Client& client_;
  const SeenOwners& seen_;
  Mutex mutex_;
  // By the direct owner's uid.
  std::unordered_map<std::string, api::WorkloadRef> known_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::controllers
