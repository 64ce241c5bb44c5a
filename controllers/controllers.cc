#include "controllers/controllers.h"

#include <functional>
#include <utility>

#include "controllers/certificates/reconciler.h"
#include "controllers/decoders.h"
#include "controllers/events/recorder.h"
#include "controllers/policy/reconciler.h"
#include "controllers/profilingserver/reconciler.h"
#include "controllers/specs/metadata.h"

namespace profiling::controllers {
namespace {

constexpr Millis kUntilSynced{100};
const std::string kCertificateKey = "certificates";  // there is one thing to reconcile

std::string ownedSelector() {
  return std::string(specs::kManagedByLabel) + "=" + std::string(specs::kManager);
}

kube::ReflectorOptions select(const kube::Resource& resource, std::string label_selector = {}) {
  kube::ReflectorOptions options;
  options.resource = resource;
  options.label_selector = std::move(label_selector);
  return options;
}
// One object; RBAC by resourceNames lets only such a watch through.
kube::ReflectorOptions selectOne(const kube::Resource& resource, std::string namespace_,
                                 const std::string& name) {
  kube::ReflectorOptions options = select(resource);
  options.namespace_ = std::move(namespace_);
  options.field_selector = "metadata.name=" + name;
  return options;
}

std::string_view namespaceOf(std::string_view key) {
  return key.substr(0, key.find('/'));
}

// Adds every key of the store below a namespace, or every key when that is empty: in bulk then, for
// it is a relist that asks for it.
template <class T>
void enqueue(const kube::Store<T>& store, std::string_view namespace_, kube::WorkQueue& queue,
             Millis delay = Millis(0)) {
  const std::string prefix = namespace_.empty() ? "" : std::string(namespace_) + "/";
  const auto snapshot = store.snapshot();
  for (auto it = snapshot->lower_bound(prefix);
       it != snapshot->end() && it->first.starts_with(prefix); ++it) {
    if (delay.count() == 0) {
      queue.add(it->first, namespace_.empty() ? kube::Lane::kBulk : kube::Lane::kLive);
    } else {
      queue.addAfter(it->first, delay);
    }
  }
}

// Adds the policies that point at a server, or every policy when its key is empty.
template <class Policy>
void enqueueUsers(const kube::Store<Policy>& policies, std::string_view server,
                  kube::WorkQueue& queue) {
  const auto all = policies.snapshot();
  for (const auto& [key, policy] : *all) {
    if (server.empty()) {
      queue.add(key, kube::Lane::kBulk);
    } else if (serverKey(*policy) == server) {
      queue.add(key);
    }
  }
}

// What the webhook decides by, as far as statuses tell of it.
inject::Settings injectSettings(const Settings& s) {
  inject::Settings settings;
  settings.agents = s.agents;
  settings.operator_namespace = s.operator_namespace;
  return settings;
}

CertificateSettings certificateSettings(const Settings& s) {
  return {s.operator_namespace, s.webhook_service, s.webhook_configuration,
          s.certificate_secret, s.ca_configmap,    s.owner};
}

}  // namespace

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
  kube::Store<ProfiledPodRecord> profiled_pods;
  kube::Store<VersionRecord> webhook, leaf_secret, ca_secret;

  kube::WorkQueue server_queue{{Millis(5), std::chrono::minutes(5)}, clock};
  kube::WorkQueue policy_queue{{Millis(5), std::chrono::minutes(5)}, clock};
  kube::WorkQueue certificate_queue{{Millis(200), std::chrono::minutes(1)}, clock};

  ServerReconciler server_reconciler{
      client, {servers, config_maps, services, stateful_sets, server_pods}, clock, events};
  PolicyReconciler policy_reconciler{
      client,
      {policies, cluster_policies, servers, namespaces, profiled_pods},
      injectSettings(settings),
      clock,
      events};
  CertificateReconciler certificate_reconciler{client, certificateSettings(settings), clock};

  struct Watch {
    std::unique_ptr<kube::Reflector> reflector;
    std::function<bool()> synced;
    std::string name;
  };
  std::vector<Watch> watched;

  Runner server_runner{"profilingserver", server_queue,
                       [this](const std::string& key, const std::stop_token& stop) {
                         if (!synced()) return Outcome::after(kUntilSynced);
                         return server_reconciler.reconcile(key, stop);
                       },
                       settings.workers, clock};
  Runner policy_runner{"policy", policy_queue,
                       [this](const std::string& key, const std::stop_token& stop) {
                         if (!synced()) return Outcome::after(kUntilSynced);
                         return policy_reconciler.reconcile(key, stop);
                       },
                       settings.workers, clock};
  Runner certificate_runner{"certificates", certificate_queue,
                            [this](const std::string& key, const std::stop_token& stop) {
                              return certificate_reconciler.reconcile(key, stop);
                            },
                            1, clock};

  bool synced() const {
    for (const Watch& w : watched) {
      if (!w.synced()) return false;
    }
    return true;
  }

  template <class T>
  void watch(kube::ReflectorOptions options, kube::Store<T>& store, kube::Decoder<T> decoder,
             kube::ChangeHandler changed) {
    options.timing = settings.timing;
    std::string name = options.resource.plural;
    if (!options.label_selector.empty()) name += "?" + options.label_selector;
    if (!options.field_selector.empty()) name += "?" + options.field_selector;
    watched.push_back({kube::makeReflector<T>(watches, std::move(options), store,
                                              std::move(decoder), std::move(changed), clock),
                       [&store] { return store.synced(); }, std::move(name)});
  }

  void watchCustomResources();
  void watchServerObjects();
  void watchCertificateObjects();
};

void Controllers::Parts::watchCustomResources() {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  watch<api::ProfilingServer>(select(kServers), servers, serverDecoder(),
                              [this](std::string_view key) {
                                if (key.empty()) {
                                  enqueue(servers, "", server_queue);
                                } else {
                                  server_queue.add(std::string(key));
                                }
                                // A policy may point at a server of any namespace, or wait for one
                                // to be made.
                                enqueueUsers(policies, key, policy_queue);
                                enqueueUsers(cluster_policies, key, policy_queue);
                              });
  watch<api::ProfilingPolicy>(select(kPolicies), policies, policyDecoder(),
                              [this](std::string_view key) {
                                if (key.empty()) {
                                  enqueue(policies, "", policy_queue);
                                } else {
                                  policy_queue.add(std::string(key));
                                }
                              });
  watch<api::ClusterProfilingPolicy>(select(kClusterPolicies), cluster_policies,
                                     clusterPolicyDecoder(), [this](std::string_view key) {
                                       if (key.empty()) {
                                         enqueue(cluster_policies, "", policy_queue);
                                       } else {
                                         policy_queue.add(std::string(key));
                                       }
                                     });
  // The labels of a namespace decide about grants, and which cluster policies select it.
  watch<NamespaceRecord>(select(kNamespaces), namespaces, namespaceDecoder(),
                         [this](std::string_view key) {
                           enqueue(policies, key, policy_queue);
                           enqueue(cluster_policies, "", policy_queue, kPodCountDebounce);
                         });
  watch<ProfiledPodRecord>(select(kPods, std::string(api::kProfiledKey)), profiled_pods,
                           profiledPodDecoder(), [this](std::string_view key) {
                             enqueue(policies, key.empty() ? key : namespaceOf(key), policy_queue,
                                     kPodCountDebounce);
                             enqueue(cluster_policies, "", policy_queue, kPodCountDebounce);
                           });
}

void Controllers::Parts::watchServerObjects() {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  // Who owned an object that is gone can no longer be seen; there are few servers in a namespace.
  const auto changed = [this](std::string_view key) {
    enqueue(servers, key.empty() ? key : namespaceOf(key), server_queue);
  };
  watch<OwnedRecord>(select(kStatefulSets, ownedSelector()), stateful_sets, ownedDecoder(),
                     changed);
  watch<OwnedRecord>(select(kServices, ownedSelector()), services, ownedDecoder(), changed);
  // The webhook's CA ConfigMap carries the same label.
  watch<OwnedRecord>(select(kConfigMaps, ownedSelector()), config_maps, ownedDecoder(),
                     [this, changed](std::string_view key) {
                       changed(key);
                       const std::string ours =
                           kube::objectKey(settings.operator_namespace, settings.ca_configmap);
                       if (key.empty() || key == ours) certificate_queue.add(kCertificateKey);
                     });
  watch<ServerPodRecord>(select(kPods, ownedSelector()), server_pods, serverPodDecoder(), changed);
}

// These three only say that something changed: the certificates' reconciler reads the objects anew.
void Controllers::Parts::watchCertificateObjects() {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  const auto changed = [this](std::string_view) { certificate_queue.add(kCertificateKey); };
  const std::string& ns = settings.operator_namespace;
  watch<VersionRecord>(selectOne(kMutatingWebhooks, "", settings.webhook_configuration), webhook,
                       versionDecoder(), changed);
  watch<VersionRecord>(selectOne(kSecrets, ns, settings.certificate_secret), leaf_secret,
                       versionDecoder(), changed);
  watch<VersionRecord>(selectOne(kSecrets, ns, caSecretName(certificateSettings(settings))),
                       ca_secret, versionDecoder(), changed);
}

Controllers::Controllers(net::HttpClient& calls, net::HttpClient& watches, Settings settings,
                         const Clock& clock)
    : parts_(std::make_unique<Parts>(calls, watches, std::move(settings), clock)) {
  parts_->watchCustomResources();
  parts_->watchServerObjects();
  parts_->watchCertificateObjects();
}

Controllers::~Controllers() {
  stopWorkers();
  stopWatches();
}

void Controllers::startWatches() {
  for (const auto& w : parts_->watched) w.reflector->start();
  parts_->certificate_queue.add(kCertificateKey);
}

void Controllers::startWorkers() {
  parts_->events.start();
  parts_->certificate_runner.start();
  parts_->server_runner.start();
  parts_->policy_runner.start();
}

void Controllers::stopWorkers() {
  parts_->policy_runner.stop();
  parts_->server_runner.stop();
  parts_->certificate_runner.stop();
  parts_->events.stop();
}

void Controllers::stopWatches() {
  for (const auto& w : parts_->watched) w.reflector->stop();
}

bool Controllers::synced() const {
  return parts_->synced();
}

std::vector<std::string> Controllers::unsynced() const {
  std::vector<std::string> names;
  for (const auto& w : parts_->watched) {
    if (!w.synced()) names.push_back(w.name);
  }
  return names;
}

void Controllers::observe(const std::function<RunnerObserver(const std::string&)>& make) {
  for (Runner* runner :
       {&parts_->server_runner, &parts_->policy_runner, &parts_->certificate_runner}) {
    runner->observe(make(runner->name()));
  }
}

RecorderStats Controllers::eventStats() const {
  return parts_->events.stats();
}

std::vector<ControllerStats> Controllers::stats() const {
  std::vector<ControllerStats> all;
  for (const Runner* runner :
       {&parts_->server_runner, &parts_->policy_runner, &parts_->certificate_runner}) {
    all.push_back({runner->name(), runner->stats()});
  }
  return all;
}

std::vector<const kube::Reflector*> Controllers::reflectors() const {
  std::vector<const kube::Reflector*> all;
  all.reserve(parts_->watched.size());
  for (const auto& w : parts_->watched) all.push_back(w.reflector.get());
  return all;
}

}  // namespace profiling::controllers
