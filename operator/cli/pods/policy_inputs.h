// The inputs of a decision about a pod, collected from files or the cluster: policies, servers,
// namespaces, revisions, WorkloadProfiles, LimitRanges, ResourceQuotas and Nodes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "operator/base/status.h"
#include "operator/inject/assignment.h"
#include "operator/inject/decide_pod.h"
#include "operator/inject/placement/placement.h"
#include "operator/inject/snapshot.h"

namespace profiling::cli {

// Revision assignments from WorkloadProfiles. Counts no pods. One thread.
class RecordedAssignments final : public inject::Assignments {
 public:
  void add(const std::string& workload, const api::WorkloadProfile& record);

  std::shared_ptr<const inject::KnownOfWorkload> known(
      const inject::PodOfWorkload& pod) const override;
  inject::RevisionChoice choose(const inject::PodOfWorkload& pod,
                                const std::shared_ptr<const api::EffectivePolicy>& policy,
                                bool dry_run) override;
  // Each pod of a manifest is the first.
  bool mayFindLanguage(const inject::PodOfWorkload&, const std::vector<inject::Guess>&,
                       bool) override {
    return true;
  }
  void giveBack(const inject::PodOfWorkload&) override {}
  const std::string& replica() const override { return replica_; }

 private:
  struct Row {
    std::optional<inject::Assignment> assignment;
    std::shared_ptr<const inject::KnownOfWorkload> known;
  };
  const Row* find(const inject::PodOfWorkload& pod) const;

  const std::string replica_ = "cli";
  std::map<std::string, Row> rows_;  // by "namespace/Kind/name"
};

// ResourceQuotas and Nodes that were given. One thread.
class GivenCluster final : public inject::ClusterState {
 public:
  void addQuota(const std::string& namespace_, inject::Quota quota);
  void addNode(inject::NodeClass node);

  std::shared_ptr<const inject::Quotas> quotas(std::string_view namespace_) const override;
  std::shared_ptr<const inject::NodeClasses> nodes() const override;

 private:
  std::map<std::string, inject::Quotas, std::less<>> quotas_;
  inject::NodeClasses nodes_;
};

class PolicyInputs {
 public:
  explicit PolicyInputs(inject::Settings settings);

  // Adds an object of our kinds, a Namespace, ControllerRevision, LimitRange, ResourceQuota or Node;
  // ignores others (false).
  // Objects without a namespace belong to `namespace_`. A server without a status is assumed to be
  // ready. kInvalidArgument names the field and what is allowed.
  Result<bool> add(const nlohmann::json& object, const std::string& namespace_);

  // Adds the namespace unless it is known: decisions need the namespace of the pod.
  void addNamespace(const std::string& name);

  std::shared_ptr<const inject::Snapshot> snapshot() const;
  const inject::Settings& settings() const { return settings_; }
  inject::Assignments& assignments() { return assignments_; }
  const inject::ClusterState& cluster() const { return cluster_; }
  bool hasServers() const { return !servers_.empty(); }
  bool hasPolicies() const { return !policies_.empty() || !cluster_policies_.empty(); }
  const inject::Records<api::ProfilingServer>& servers() const { return servers_; }

 private:
  Result<bool> addSurroundings(const nlohmann::json& object, const std::string& kind,
                               const std::string& namespace_);

  inject::Settings settings_;
  inject::Records<api::ProfilingPolicy> policies_;
  inject::Records<api::ClusterProfilingPolicy> cluster_policies_;
  inject::Records<api::ProfilingServer> servers_;
  inject::Records<inject::NamespaceRecord> namespaces_;
  inject::Records<api::Revision> revisions_;
  inject::Records<inject::LimitRangeRecord> limit_ranges_;
  RecordedAssignments assignments_;
  GivenCluster cluster_;
};

}  // namespace profiling::cli
