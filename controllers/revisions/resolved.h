// The policies of every namespace, resolved as the webhook resolves them, and resolved again at the
// first use after a change.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "operator/base/mutex.h"
#include "operator/inject/snapshot.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

// Read by workers, written by reflectors.
struct PolicyStores {
  const kube::Store<api::ProfilingPolicy>& policies;
  const kube::Store<api::ClusterProfilingPolicy>& cluster_policies;
  const kube::Store<api::ProfilingServer>& servers;
  const kube::Store<inject::NamespaceRecord>& namespaces;
  const kube::Store<api::Revision>& revisions;
};

// Thread-safe. The stores must outlive it.
class ResolvedPolicies {
 public:
  // The revisions of cluster policies are in `operator_namespace`.
  ResolvedPolicies(const PolicyStores& stores, api::AgentImages agents,
                   std::string operator_namespace)
      : stores_(stores),
        agents_(std::move(agents)),
        operator_namespace_(std::move(operator_namespace)) {}

  void changed();  // one of the stores changed
  std::shared_ptr<const inject::Snapshot> current();

 private:
  const PolicyStores stores_;
  const api::AgentImages agents_;
  const std::string operator_namespace_;

  Mutex mutex_;
  // Null: not built yet.
  std::shared_ptr<const inject::Snapshot> snapshot_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::controllers
