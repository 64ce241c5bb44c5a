// What the webhook watches, and what it makes of it: the snapshot that admissions are decided from,
// and the rollout table.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "operator/kube/reflector.h"
#include "operator/kube/store.h"
#include "webhooks/mutate_pod.h"
#include "webhooks/validate_object.h"

namespace profiling::webhooks {

// Everything given must outlive it. start() and stop() from one thread, the rest from any.
class Watches {
 public:
  struct Inputs {
    api::AgentImages agents;
    std::string operator_namespace;  // where the revisions of cluster policies lie
  };
  // `http` is a client for watches only. No request is made before start().
  Watches(net::HttpClient& http, Inputs inputs, PodMutator& mutator, RolloutTable& rollouts);

  void start();
  void stop();
  std::optional<std::string> unsynced() const;             // the first kind that is not listed yet
  std::vector<const kube::Reflector*> reflectors() const;  // valid as long as this
  // The objects that one of ours may refer to; valid as long as this.
  KnownObjects known() const;

 private:
  struct Watch {
    std::string name;
    std::unique_ptr<kube::Reflector> reflector;
    std::function<bool()> synced;
  };

  template <class T, class Decoder>
  void addStore(net::HttpClient& http, std::string name, kube::ReflectorOptions options,
                kube::Store<T>& store, Decoder decoder);
  void rebuild();

  const Inputs inputs_;
  PodMutator& mutator_;
  std::mutex mutex_;
  kube::Store<api::ProfilingPolicy> policies_;
  kube::Store<api::ProfilingServer> servers_;
  kube::Store<inject::NamespaceRecord> namespaces_;
  kube::Store<api::ClusterProfilingPolicy> cluster_policies_;
  kube::Store<api::Revision> revisions_;
  kube::Store<inject::LimitRangeRecord> limit_ranges_;
  std::atomic<bool> records_synced_{false}, pods_synced_{false};
  std::vector<std::function<bool()>> snapshot_parts_;  // synced: the snapshot needs all of them
  std::vector<Watch> watches_;
};

}  // namespace profiling::webhooks
