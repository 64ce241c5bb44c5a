#include "operator/cli/pods/policy_inputs.h"

#include "controllers/specs/server_objects.h"
#include "operator/api/json_access.h"
#include "operator/api/revision.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/cli/pods/manifest.h"
#include "operator/kube/store.h"

namespace profiling::cli {
namespace {

bool isOurs(const nlohmann::json& object) {
  return api::text(api::member(object, "apiVersion")).starts_with("profiling.dev/");
}

}  // namespace

void RecordedAssignments::add(const std::string& workload, const api::WorkloadProfile& record) {
  inject::KnownOfWorkload known = inject::knownOf(record);
  rows_[workload] = {
      inject::assignmentOf(record),
      known.empty() ? nullptr : std::make_shared<const inject::KnownOfWorkload>(std::move(known))};
}

const RecordedAssignments::Row* RecordedAssignments::find(const inject::PodOfWorkload& pod) const {
  std::string key(pod.namespace_);
  key.append("/").append(pod.kind).append("/").append(pod.name);
  const auto it = rows_.find(key);
  return it == rows_.end() ? nullptr : &it->second;
}

std::shared_ptr<const inject::KnownOfWorkload> RecordedAssignments::known(
    const inject::PodOfWorkload& pod) const {
  const Row* row = find(pod);
  return row == nullptr ? nullptr : row->known;
}

inject::RevisionChoice RecordedAssignments::choose(
    const inject::PodOfWorkload& pod, const std::shared_ptr<const api::EffectivePolicy>& policy,
    bool /*dry_run*/) {
  const Row* row = find(pod);
  const bool assigned = row != nullptr && row->assignment.has_value();
  return inject::chooseRevision(policy, assigned ? &*row->assignment : nullptr, pod.ordinal, {});
}

void GivenCluster::addQuota(const std::string& namespace_, inject::Quota quota) {
  quotas_[namespace_].push_back(std::move(quota));
}

void GivenCluster::addNode(inject::NodeClass node) {
  nodes_.push_back(std::move(node));
}

std::shared_ptr<const inject::Quotas> GivenCluster::quotas(std::string_view namespace_) const {
  const auto it = quotas_.find(namespace_);
  return it == quotas_.end() ? nullptr : std::make_shared<const inject::Quotas>(it->second);
}

std::shared_ptr<const inject::NodeClasses> GivenCluster::nodes() const {
  return nodes_.empty() ? nullptr : std::make_shared<const inject::NodeClasses>(nodes_);
}

PolicyInputs::PolicyInputs(inject::Settings settings) : settings_(std::move(settings)) {
}

void PolicyInputs::addNamespace(const std::string& name) {
  if (namespaces_.contains(name)) return;
  api::ObjectMeta metadata;
  metadata.name = name;
  metadata.labels["kubernetes.io/metadata.name"] = name;
  namespaces_[name] =
      std::make_shared<const inject::NamespaceRecord>(inject::namespaceRecord(metadata));
}

Result<bool> PolicyInputs::add(const nlohmann::json& object, const std::string& namespace_) {
  const std::string kind = api::text(api::member(object, "kind"));
  const auto home = [&](api::ObjectMeta& metadata) {
    if (metadata.namespace_.empty()) metadata.namespace_ = namespace_;
    return kube::objectKey(metadata.namespace_, metadata.name);
  };
  if (kind == "Namespace") {
    const auto metadata = api::metaFromJson(object);
    if (!metadata.ok()) return metadata.status();
    namespaces_[metadata->name] =
        std::make_shared<const inject::NamespaceRecord>(inject::namespaceRecord(*metadata));
    return true;
  }
  if (kind == "LimitRange" || kind == "ResourceQuota" || kind == "Node") {
    return addSurroundings(object, kind, namespace_);
  }
  if (kind == "ControllerRevision") {
    auto revision = api::revisionFromJson(object);
    if (!revision.ok()) return false;  // of another controller
    const std::string key = home(revision->metadata);
    revisions_[key] = std::make_shared<const api::Revision>(*std::move(revision));
    return true;
  }
  if (!isOurs(object)) return false;
  if (kind == api::ProfilingPolicy::kKind) {
    auto policy = api::policyFromJson(object);
    if (!policy.ok()) return policy.status();
    const std::string key = home(policy->metadata);
    policies_[key] = std::make_shared<const api::ProfilingPolicy>(*std::move(policy));
    return true;
  }
  if (kind == api::ClusterProfilingPolicy::kKind) {
    auto policy = api::clusterPolicyFromJson(object);
    if (!policy.ok()) return policy.status();
    const std::string key = policy->metadata.name;
    cluster_policies_[key] =
        std::make_shared<const api::ClusterProfilingPolicy>(*std::move(policy));
    return true;
  }
  if (kind == api::ProfilingServer::kKind) {
    auto server = api::serverFromJson(object);
    if (!server.ok()) return server.status();
    const std::string key = home(server->metadata);
    if (server->status.url.empty() && !object.contains("status")) {
      server->status.url = specs::serverUrl(*server);
    }
    servers_[key] = std::make_shared<const api::ProfilingServer>(*std::move(server));
    return true;
  }
  if (kind == api::WorkloadProfile::kKind) {
    auto record = api::workloadFromJson(object);
    if (!record.ok()) return record.status();
    (void)home(record->metadata);
    const api::WorkloadRef& ref = record->status.workload_ref;
    assignments_.add(record->metadata.namespace_ + "/" + ref.kind + "/" + ref.name, *record);
    return true;
  }
  return false;
}

Result<bool> PolicyInputs::addSurroundings(const nlohmann::json& object, const std::string& kind,
                                           const std::string& namespace_) {
  auto metadata = api::metaFromJson(object);
  if (!metadata.ok()) return metadata.status();
  if (kind == "Node") {
    const auto label = [&](const char* key) {
      const auto it = metadata->labels.find(key);
      return it == metadata->labels.end() ? std::string() : it->second;
    };
    cluster_.addNode({label("kubernetes.io/os"), label("kubernetes.io/arch")});
    return true;
  }
  if (metadata->namespace_.empty()) metadata->namespace_ = namespace_;
  if (kind == "ResourceQuota") {
    cluster_.addQuota(metadata->namespace_, inject::quotaOf(object));
  } else {
    limit_ranges_[kube::objectKey(metadata->namespace_, metadata->name)] =
        std::make_shared<const inject::LimitRangeRecord>(
            inject::LimitRangeRecord{metadata->namespace_, inject::boundsOf(object)});
  }
  return true;
}

std::shared_ptr<const inject::Snapshot> PolicyInputs::snapshot() const {
  return inject::buildSnapshot(policies_, cluster_policies_, servers_, namespaces_,
                               settings_.agents, revisions_, settings_.operator_namespace,
                               limit_ranges_);
}

}  // namespace profiling::cli
