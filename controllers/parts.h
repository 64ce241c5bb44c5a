// What the controllers are made of. Internal: controllers.cc owns it, watches.cc fills it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controllers/certificates/reconciler.h"
#include "controllers/controllers.h"
#include "controllers/ebpf/reconciler.h"
#include "controllers/events/recorder.h"
#include "controllers/pods/pod_table.h"
#include "controllers/policy/reconciler.h"
#include "controllers/profilingserver/reconciler.h"
#include "controllers/revisions/resolved.h"
#include "controllers/rollout/reconciler.h"
#include "controllers/runtime/decoders.h"
#include "controllers/workload/language_reconciler.h"
#include "controllers/workload/reconciler.h"
#include "operator/base/stop.h"

namespace profiling::controllers {

inline constexpr Millis kUntilSynced{100};
inline constexpr Millis kRolloutDebounce{200};
inline constexpr Millis kSyncPatience{1'000};
inline const std::string kCertificateKey = "certificates";  // there is one thing to reconcile
inline const std::string kEbpfKey = "ebpf";                 // here, too
inline constexpr Millis kEbpfDebounce{1'000};  // a DaemonSet's status changes with each node

// What the webhook decides by, as far as statuses tell of it.
inline inject::Settings injectSettings(const Settings& s) {
  inject::Settings settings;
  settings.agents = s.agents;
  settings.operator_namespace = s.operator_namespace;
  settings.native_sidecars = s.native_sidecars;
  return settings;
}

inline CertificateSettings certificateSettings(const Settings& s) {
  return {s.operator_namespace, s.webhook_service, s.webhook_configuration,
          s.certificate_secret, s.ca_configmap,    s.owner};
}

inline specs::EbpfPlace ebpfPlace(const Settings& s) {
  return {s.operator_namespace, s.ebpf_name, s.owner};
}

// Tells whether what matters of an object is another than last time. One thread.
class Fingerprints {
 public:
  void reset(std::map<std::string, std::string, std::less<>> prints) {
    prints_ = std::move(prints);
  }
  bool changed(std::string_view key, std::string print);  // an empty print: it is gone

 private:
  std::map<std::string, std::string, std::less<>> prints_;
};

struct Controllers::Parts {
  Parts(net::HttpClient& calls, net::HttpClient& watch_client, Settings s, const Clock& c)
      : settings(std::move(s)),
        clock(c),
        client(calls),
        watches(watch_client),
        events(calls, settings.instance, c) {}

  const Settings settings;
  const Clock& clock;
  kube::Client client;
  net::HttpClient& watches;
  EventRecorder events;

  kube::Store<api::ProfilingServer> servers;
  kube::Store<api::ProfilingPolicy> policies;
  kube::Store<api::ClusterProfilingPolicy> cluster_policies;
  kube::Store<NamespaceRecord> namespaces;
  kube::Store<OwnedRecord> config_maps, services, stateful_sets;
  kube::Store<ServerPodRecord> server_pods;
  kube::Store<api::WorkloadProfile> records;
  kube::Store<api::Revision> revisions;
  PodTable pods;
  kube::Store<VersionRecord> webhook, validating_webhook, leaf_secret, ca_secret, daemon_set;

  kube::WorkQueue server_queue{{Millis(5), std::chrono::minutes(5)}, clock};
  kube::WorkQueue policy_queue{{Millis(5), std::chrono::minutes(5)}, clock};
  kube::WorkQueue workload_queue{{Millis(5), std::chrono::minutes(5)}, clock};
  kube::WorkQueue language_queue{{Millis(1000), std::chrono::minutes(5)}, clock};
  kube::WorkQueue rollout_queue{{Millis(20), std::chrono::minutes(1)}, clock};
  kube::WorkQueue certificate_queue{{Millis(200), std::chrono::minutes(1)}, clock};
  kube::WorkQueue ebpf_queue{{Millis(200), std::chrono::minutes(1)}, clock};

  ServerReconciler server_reconciler{
      client, {servers, config_maps, services, stateful_sets, server_pods}, clock, events};
  ResolvedPolicies resolved{{policies, cluster_policies, servers, namespaces, revisions},
                            settings.agents,
                            settings.operator_namespace};
  WorkloadIndex workloads{pods, [this] { return resolved.current(); }, injectSettings(settings)};
  PolicyReconciler policy_reconciler{client,
                                     {policies, cluster_policies, servers, namespaces, revisions},
                                     workloads,
                                     clock,
                                     events};
  WorkloadReconciler workload_reconciler{
      client,  pods,  workloads,
      records, clock, [this](const std::string& group) { language_queue.add(group); }};
  LanguageReconciler language_reconciler{
      client, settings.queries, settings.server_addresses, pods, workloads, records, clock};
  GateInputs signals{client, settings.queries, settings.server_addresses,
                     [this](const std::string& policy) { rollout_queue.add(policy); }};
  RolloutReconciler rollout_reconciler{
      client,
      {{policies, cluster_policies, servers, namespaces, revisions}, records},
      pods,
      workloads,
      signals,
      settings.operator_namespace,
      settings.max_restarting,
      events,
      clock};
  CertificateReconciler certificate_reconciler{client, certificateSettings(settings), clock};
  EbpfReconciler ebpf_reconciler{client, settings.ebpf, ebpfPlace(settings), clock};

  struct Watch {
    std::unique_ptr<kube::Reflector> reflector;
    std::function<bool()> synced;
    std::string name;
  };
  std::vector<Watch> watched;

  Runner server_runner{"profilingserver", server_queue,
                       [this](const std::string& key, const std::stop_token& stop) {
                         if (!waitSynced(stop)) return Outcome::after(kUntilSynced);
                         return server_reconciler.reconcile(key, stop);
                       },
                       settings.workers, clock};
  Runner policy_runner{"policy", policy_queue,
                       [this](const std::string& key, const std::stop_token& stop) {
                         if (!waitSynced(stop)) return Outcome::after(kUntilSynced);
                         return policy_reconciler.reconcile(key, stop);
                       },
                       settings.workers, clock};
  Runner workload_runner{"workload", workload_queue,
                         [this](const std::string& key, const std::stop_token& stop) {
                           if (!waitSynced(stop)) return Outcome::after(kUntilSynced);
                           return workload_reconciler.reconcile(key, stop);
                         },
                         settings.workers, clock};
  Runner language_runner{"language", language_queue,
                         [this](const std::string& key, const std::stop_token& stop) {
                           if (!waitSynced(stop)) return Outcome::after(kUntilSynced);
                           return language_reconciler.reconcile(key, stop);
                         },
                         1, clock};
  Runner rollout_runner{"rollout", rollout_queue,
                        [this](const std::string& key, const std::stop_token& stop) {
                          if (!waitSynced(stop)) return Outcome::after(kUntilSynced);
                          return rollout_reconciler.reconcile(key, stop);
                        },
                        settings.workers, clock};
  Runner certificate_runner{"certificates", certificate_queue,
                            [this](const std::string& key, const std::stop_token& stop) {
                              return certificate_reconciler.reconcile(key, stop);
                            },
                            1, clock};
  Runner ebpf_runner{"ebpf", ebpf_queue,
                     [this](const std::string& key, const std::stop_token& stop) {
                       return ebpf_reconciler.reconcile(key, stop);
                     },
                     1, clock};

  bool synced() const {
    for (const Watch& w : watched) {
      if (!w.synced()) return false;
    }
    return true;
  }

  // False when some store is not full yet. A worker waits for that, for at most a second: put back
  // at once, ten thousand keys would go round and round while the lists are read.
  bool waitSynced(const std::stop_token& stop) const {
    for (Millis waited{0}; !synced() && waited < kSyncPatience; waited += kUntilSynced) {
      if (!sleepFor(stop, kUntilSynced)) return false;
    }
    return synced();
  }

  void add(std::unique_ptr<kube::Reflector> reflector, std::function<bool()> is_synced) {
    const kube::ReflectorOptions& options = reflector->options();
    std::string name = options.resource.plural;
    if (!options.label_selector.empty()) name += "?" + options.label_selector;
    if (!options.field_selector.empty()) name += "?" + options.field_selector;
    watched.push_back({std::move(reflector), std::move(is_synced), std::move(name)});
  }
  template <class T>
  void watch(kube::ReflectorOptions options, kube::Store<T>& store, kube::Decoder<T> decoder,
             kube::ChangeHandler changed) {
    options.timing = settings.timing;
    add(kube::makeReflector<T>(watches, std::move(options), store, std::move(decoder),
                               std::move(changed), clock),
        [&store] { return store.synced(); });
  }

  std::vector<Runner*> runners() {
    return {&server_runner,  &policy_runner,      &workload_runner, &language_runner,
            &rollout_runner, &certificate_runner, &ebpf_runner};
  }

  // watches.cc: what is watched, and which keys an event leads to.
  void watchServers();
  void watchPolicies();
  void watchPods();
  void watchRevisions();
  void watchServerObjects();
  void watchCertificateObjects();
  void watchEbpfObjects();
  void enqueueWorkloads(std::string_view namespace_);  // empty: all
  void enqueueCounts(std::string_view namespace_);
  void enqueueRollouts(std::string_view namespace_);
  void enqueueRollout(const api::WorkloadProfile* record);
  void recordChanged(const std::string& key);
  std::map<std::string, std::string> record_groups;  // of the records' watch: whose each one was
  Fingerprints server_prints, policy_prints, cluster_policy_prints;  // each of one watch's thread
};

}  // namespace profiling::controllers
