// What the controllers watch, and which keys an event leads to.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/fingerprints.h"
#include "controllers/revisions/resolved.h"
#include "controllers/settings.h"
#include "controllers/stores.h"
#include "controllers/workload/index.h"
#include "operator/base/mutex.h"
#include "operator/kube/reflector.h"
#include "operator/kube/workqueue.h"

namespace profiling::controllers {

// Everything given must outlive it. Watches start and stop from one thread, each once.
class Watches {
 public:
  struct Queues {
    kube::WorkQueue &servers, &policies, &workloads, &rollouts, &certificates, &ebpf;
  };
  Watches(net::HttpClient& http, const Settings& settings, Stores& stores, Queues queues,
          ResolvedPolicies& resolved, WorkloadIndex& workloads, const Clock& clock);

  void start();
  void stop();
  bool synced() const;
  std::vector<std::string> unsynced() const;  // resources whose first list is not complete
  std::vector<const kube::Reflector*> reflectors() const;

 private:
  struct Watch {
    std::string name;  // plural?selector
    std::unique_ptr<kube::Reflector> reflector;
    std::function<bool()> synced;
    bool after_servers = false;  // its decoder looks for the servers
  };
  void add(std::unique_ptr<kube::Reflector> reflector, std::function<bool()> synced);
  void startAfterServers();  // on the servers' thread
  template <class T>
  void watch(kube::ReflectorOptions options, kube::Store<T>& store, kube::Decoder<T> decoder,
             kube::ChangeHandler changed);

  void watchServers();
  void watchPolicies();
  void watchNamespaces();
  void watchPods();
  void watchRefusals();
  void watchRecords();
  void watchRevisions();
  void watchServerObjects();
  void watchCertificateObjects();
  void watchEbpfObjects();

  void recordChanged(const std::string& key);
  void enqueueRollout(const api::WorkloadProfile* record);
  // An empty namespace stands for all.
  void enqueueWorkloads(std::string_view namespace_);
  void enqueueCounts(std::string_view namespace_);
  void enqueueRollouts(std::string_view namespace_);

  net::HttpClient& http_;
  const Settings& settings_;
  Stores& stores_;
  const Queues queues_;
  ResolvedPolicies& resolved_;
  WorkloadIndex& workloads_;
  const Clock& clock_;
  // Each of one watch's thread.
  Fingerprints server_prints_, policy_prints_, cluster_policy_prints_;
  std::map<std::string, std::string> record_groups_;  // the group of each record

  std::vector<Watch> watches_;
  Mutex mutex_;
  bool servers_listed_ PROFILING_GUARDED_BY(mutex_) = false;
  bool stopped_ PROFILING_GUARDED_BY(mutex_) = false;
};

}  // namespace profiling::controllers
