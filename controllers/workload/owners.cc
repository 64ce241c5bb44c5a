#include "controllers/workload/owners.h"

#include <algorithm>
#include <map>
#include <utility>

#include "operator/api/json_access.h"

namespace profiling::controllers {
namespace {

using api::isTrue;
using api::member;
using api::text;

// Enough for the ReplicaSets of a large cluster; forgotten owners are read again.
constexpr std::size_t kMaxKnown = 50'000;

// ReplicaSets and Jobs usually have an owner; any other owner is taken to be the workload itself.
bool mayHaveOwner(const PodClass& pods) {
  return (pods.owner_kind == "ReplicaSet" && pods.api_version.starts_with("apps/")) ||
         (pods.owner_kind == "Job" && pods.api_version.starts_with("batch/"));
}

api::WorkloadRef directOwner(const PodClass& pods) {
  return {pods.api_version, pods.owner_kind, pods.owner_name, pods.owner_uid};
}

kube::Resource resourceOf(const PodClass& pods) {
  return pods.owner_kind == "Job" ? kube::Resource{"batch", "v1", "jobs"}
                                  : kube::Resource{"apps", "v1", "replicasets"};
}

}  // namespace

void OwnerResolver::remember(const std::string& owner_uid, const api::WorkloadRef& workload) {
  const MutexLock lock(mutex_);
  if (known_.size() >= kMaxKnown) known_.clear();
  known_.insert_or_assign(owner_uid, workload);
}

// kNotFound: the owner is gone, or another object has its name now.
Result<api::WorkloadRef> OwnerResolver::workloadOf(const PodClass& pods,
                                                   const std::string& namespace_,
                                                   const std::stop_token& stop) {
  if (!mayHaveOwner(pods)) return directOwner(pods);
  {
    const MutexLock lock(mutex_);
    const auto it = known_.find(pods.owner_uid);
    if (it != known_.end()) return it->second;
  }
  const auto object = client_.get(resourceOf(pods), namespace_, pods.owner_name, stop);
  if (!object.ok()) return object.status();
  const auto& metadata = member(*object, "metadata");
  if (text(member(metadata, "uid")).empty()) {
    return Status(Code::kInternal, "the answer is not a " + pods.owner_kind);
  }
  if (text(member(metadata, "uid")) != pods.owner_uid) {
    return Status(Code::kNotFound, pods.owner_kind + " '" + pods.owner_name + "' is another one");
  }
  api::WorkloadRef workload = directOwner(pods);
  const auto& owners = member(metadata, "ownerReferences");
  for (const auto& owner : owners.is_array() ? owners : nlohmann::json::array()) {
    if (!isTrue(member(owner, "controller"))) continue;
    workload = {text(member(owner, "apiVersion")), text(member(owner, "kind")),
                text(member(owner, "name")), text(member(owner, "uid"))};
  }
  remember(pods.owner_uid, workload);
  return workload;
}

Result<std::vector<ResolvedWorkload>> OwnerResolver::resolve(const PodGroup& group,
                                                             const WorkloadRecords& records,
                                                             const std::stop_token& stop) {
  for (const auto& record : records) {
    for (const std::string& uid : record->status.owner_uids) {
      remember(uid, record->status.workload_ref);
    }
  }
  std::map<std::string, ResolvedWorkload> found;  // by the workload's uid
  for (const PodClass& pods : group.classes) {
    if (pods.owner_kind.empty()) continue;
    const auto workload = workloadOf(pods, group.namespace_, stop);
    if (!workload.ok()) {
      if (workload.status().code() == Code::kNotFound) continue;
      return workload.status();
    }
    ResolvedWorkload& resolved = found[workload->uid];
    resolved.workload = *workload;
    resolved.pods.namespace_ = group.namespace_;
    resolved.pods.kind = group.kind;
    resolved.pods.name = group.name;
    resolved.pods.classes.push_back(pods);
    std::vector<std::string>& uids = resolved.owner_uids;
    if (workload->uid != pods.owner_uid &&
        std::find(uids.begin(), uids.end(), pods.owner_uid) == uids.end()) {
      uids.push_back(pods.owner_uid);
    }
  }
  std::vector<ResolvedWorkload> out;
  out.reserve(found.size());
  for (auto& [uid, resolved] : found) out.push_back(std::move(resolved));
  return out;
}

}  // namespace profiling::controllers
