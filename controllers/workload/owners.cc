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

// An empty version: the controller may not read the kind.
kube::Resource resourceOf(const api::WorkloadRef& workload) {
  const auto is = [&](std::string_view group, std::string_view kind) {
    return workload.kind == kind && workload.api_version.starts_with(group);
  };
  if (is("apps/", "Deployment")) return {"apps", "v1", "deployments"};
  if (is("apps/", "StatefulSet")) return {"apps", "v1", "statefulsets"};
  if (is("apps/", "DaemonSet")) return {"apps", "v1", "daemonsets"};
  if (is("apps/", "ReplicaSet")) return {"apps", "v1", "replicasets"};
  if (is("batch/", "Job")) return {"batch", "v1", "jobs"};
  if (is("argoproj.io/", "Rollout")) return {"argoproj.io", "v1alpha1", "rollouts"};
  return {};
}

// Another object may adopt a ReplicaSet that has no owner.
bool mayBeAdopted(const api::WorkloadRef& workload) {
  return workload.kind == "ReplicaSet";
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
                                                   const std::unordered_set<std::string>& recorded,
                                                   const std::stop_token& stop) {
  if (!mayHaveOwner(pods)) return directOwner(pods);
  {
    const MutexLock lock(mutex_);
    const auto it = known_.find(pods.owner_uid);
    if (it != known_.end() && recorded.contains(it->second.uid) && !seen_.isLost(it->second.uid)) {
      return it->second;
    }
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
  if (!mayBeAdopted(workload)) remember(pods.owner_uid, workload);
  return workload;
}

Result<Existence> OwnerResolver::look(const api::WorkloadRef& workload,
                                      const std::string& namespace_, const std::stop_token& stop) {
  const kube::Resource resource = resourceOf(workload);
  if (resource.version.empty()) return Existence::kUnknown;
  const auto object = client_.get(resource, namespace_, workload.name, stop);
  if (object.status().code() == Code::kPermissionDenied) return Existence::kUnknown;
  if (object.status().code() == Code::kNotFound) return Existence::kGone;
  if (!object.ok()) return object.status();
  return text(member(*object, "metadata", "uid")) == workload.uid ? Existence::kThere
                                                                  : Existence::kGone;
}

Result<std::vector<ResolvedWorkload>> OwnerResolver::resolve(const PodGroup& group,
                                                             const WorkloadRecords& records,
                                                             const std::stop_token& stop) {
  std::unordered_set<std::string> recorded;
  for (const auto& record : records) {
    recorded.insert(record->owner_uid);
    if (seen_.isLost(record->status.workload_ref.uid)) continue;
    for (const std::string& uid : record->status.owner_uids) {
      remember(uid, record->status.workload_ref);
    }
  }
  std::map<std::string, ResolvedWorkload> found;  // by the workload's uid
  for (const PodClass& pods : group.classes) {
    if (pods.owner_kind.empty()) continue;
    const auto workload = workloadOf(pods, group.namespace_, recorded, stop);
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
