// The policies of every namespace, resolved as the webhook resolves them, made anew when somebody
// asks after something changed.
#pragma once

#include <memory>
#include <mutex>

#include "operator/kube/store.h"
#include "webhooks/inject/snapshot.h"

namespace profiling::controllers {

// Thread-safe. The stores must outlive it.
class ResolvedPolicies {
 public:
  ResolvedPolicies(const kube::Store<api::ProfilingPolicy>& policies,
                   const kube::Store<api::ClusterProfilingPolicy>& cluster_policies,
                   const kube::Store<api::ProfilingServer>& servers,
                   const kube::Store<inject::NamespaceRecord>& namespaces, api::AgentImages agents)
      : policies_(policies),
        cluster_policies_(cluster_policies),
        servers_(servers),
        namespaces_(namespaces),
        agents_(std::move(agents)) {}

  void changed();  // one of the stores has
  std::shared_ptr<const inject::Snapshot> current();

 private:
  const kube::Store<api::ProfilingPolicy>& policies_;
  const kube::Store<api::ClusterProfilingPolicy>& cluster_policies_;
  const kube::Store<api::ProfilingServer>& servers_;
  const kube::Store<inject::NamespaceRecord>& namespaces_;
  const api::AgentImages agents_;

  std::mutex mutex_;
  std::shared_ptr<const inject::Snapshot> snapshot_;  // null: make it
};

}  // namespace profiling::controllers
