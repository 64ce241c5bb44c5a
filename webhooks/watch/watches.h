// The webhook's watches, which keep the snapshot that admissions are decided from and the rollout
// table up to date.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operator/base/mutex.h"
#include "operator/kube/reflector.h"
#include "operator/kube/store.h"
#include "webhooks/breakers.h"
#include "webhooks/cluster_table.h"
#include "webhooks/mutate_pod.h"
#include "webhooks/validate_object.h"

namespace profiling::webhooks {

// The references must outlive it. start() and stop() from one thread, the rest from any.
class Watches {
 public:
  struct Inputs {
    api::AgentImages agents;
    std::string operator_namespace;  // where the revisions of cluster policies lie
    bool nodes = true;               // watch the nodes' labels
  };
  // `http` is a client for watches only. No request is made before start().
  Watches(net::HttpClient& http, Inputs inputs, PodMutator& mutator, RolloutTable& rollouts,
          ClusterTable& cluster, Breakers& breakers);

  void start();
  void stop();
  std::optional<std::string> unsynced() const;             // names the first kind not listed yet
  std::vector<const kube::Reflector*> reflectors() const;  // valid as long as this
  // The objects that one of ours may refer to; valid as long as this.
  KnownObjects known() const;

 private:
  struct Watch {
    std::string name;
    std::unique_ptr<kube::Reflector> reflector;
    std::function<bool()> synced;
  };

  void addTable(net::HttpClient& http, std::string name, kube::ReflectorOptions options,
                std::unique_ptr<kube::RecordSink> sink, std::atomic<bool>& synced);
  template <class T, class Decoder>
  void addStore(net::HttpClient& http, std::string name, kube::ReflectorOptions options,
                kube::Store<T>& store, Decoder decoder);
  // On the reflectors' threads; one at a time, so that no older snapshot replaces a newer one.
  void rebuild() PROFILING_EXCLUDES(rebuilding_);
  std::atomic<bool> built_ = false;  // the mutator has a snapshot

  const Inputs inputs_;
  PodMutator& mutator_;
  Mutex rebuilding_;  // held while a snapshot is built; guards no member
  kube::Store<api::ProfilingPolicy> policies_;
  kube::Store<api::ProfilingServer> servers_;
  kube::Store<inject::NamespaceRecord> namespaces_;
  kube::Store<api::ClusterProfilingPolicy> cluster_policies_;
  kube::Store<api::Revision> revisions_;
  kube::Store<inject::LimitRangeRecord> limit_ranges_;
  std::atomic<bool> records_synced_{false}, pods_synced_{false}, quotas_synced_{false},
      nodes_synced_{false};
  std::vector<std::function<bool()>> snapshot_parts_;  // synced: the snapshot needs all of them
  std::vector<Watch> watches_;
};

}  // namespace profiling::webhooks
