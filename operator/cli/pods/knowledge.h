// What a decision about a pod depends on, collected from files or from the cluster: policies,
// servers, namespaces, revisions and the records of rollouts.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "operator/base/status.h"
#include "operator/inject/assignment.h"
#include "operator/inject/snapshot.h"

namespace profiling::cli {

// The rollouts of the workloads whose records were added; none of their pods is counted yet. One
// thread.
class RecordedAssignments final : public inject::Assignments {
 public:
  void add(const std::string& workload, const api::WorkloadProfile& record);

  std::shared_ptr<const inject::KnownOfWorkload> known(
      const inject::PodOfWorkload& pod) const override;
  inject::RevisionChoice choose(const inject::PodOfWorkload& pod,
                                const std::shared_ptr<const api::EffectivePolicy>& policy,
                                bool dry_run) override;
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

class Knowledge {
 public:
  explicit Knowledge(inject::Settings settings);

  // A document of one of our kinds, a Namespace or a ControllerRevision; others are ignored
  // (false). An object without a namespace is one of `namespace_`. A server that has no status yet
  // is taken as it will be. kInvalidArgument names the field and what is allowed.
  Result<bool> add(const nlohmann::json& object, const std::string& namespace_);

  // Pods are decided about in namespaces that were added; this makes sure that one is.
  void addNamespace(const std::string& name);

  std::shared_ptr<const inject::Snapshot> snapshot() const;
  const inject::Settings& settings() const { return settings_; }
  inject::Assignments& assignments() { return assignments_; }
  bool hasServers() const { return !servers_.empty(); }
  bool hasPolicies() const { return !policies_.empty() || !cluster_policies_.empty(); }
  const inject::Records<api::ProfilingServer>& servers() const { return servers_; }

 private:
  inject::Settings settings_;
  inject::Records<api::ProfilingPolicy> policies_;
  inject::Records<api::ClusterProfilingPolicy> cluster_policies_;
  inject::Records<api::ProfilingServer> servers_;
  inject::Records<inject::NamespaceRecord> namespaces_;
  inject::Records<api::Revision> revisions_;
  RecordedAssignments assignments_;
};

}  // namespace profiling::cli
