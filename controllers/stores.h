// What the watches have seen. Each store has one writer, its reflector's thread, and any readers.
#pragma once

#include "controllers/pods/pod_table.h"
#include "controllers/pods/refusal_table.h"
#include "controllers/runtime/records.h"
#include "operator/api/revision.h"
#include "operator/api/v1alpha1/policy.h"
#include "operator/api/v1alpha1/server.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

struct Stores {
  kube::Store<api::ProfilingServer> servers;
  kube::Store<api::ProfilingPolicy> policies;
  kube::Store<api::ClusterProfilingPolicy> cluster_policies;
  kube::Store<NamespaceRecord> namespaces;
  kube::Store<api::WorkloadProfile> records;
  kube::Store<api::Revision> revisions;
  PodTable pods;  // of the whole cluster
  RefusalTable refusals;
  // Objects that belong to ProfilingServers.
  kube::Store<OwnedRecord> config_maps, services, stateful_sets;
  kube::Store<ServerPodRecord> server_pods;
  // Single objects whose reconcilers read them anew.
  kube::Store<VersionRecord> webhook, validating_webhook, leaf_secret, ca_secret, daemon_set;
};

}  // namespace profiling::controllers
