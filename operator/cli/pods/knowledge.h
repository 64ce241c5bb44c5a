// What a decision about a pod depends on, collected from files or from the cluster: policies,
// servers, namespaces, revisions and the records of rollouts.
#pragma once

#include <memory>
#include <string>

#include "operator/base/clock.h"
#include "operator/base/status.h"
#include "webhooks/inject/snapshot.h"
#include "webhooks/rollout_table.h"

namespace profiling::cli {

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
  webhooks::RolloutTable& rollouts() { return rollouts_; }
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
  webhooks::RolloutTable rollouts_;
};

}  // namespace profiling::cli
