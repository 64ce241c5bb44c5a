#include "controllers/watches.h"

#include <algorithm>
#include <utility>

#include "controllers/ebpf/reconciler.h"
#include "controllers/pods/pod_sink.h"
#include "controllers/policy/reconciler.h"
#include "controllers/rollout/reconciler.h"
#include "controllers/runtime/decoders.h"
#include "controllers/specs/metadata.h"
#include "controllers/workload/reconciler.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/str_cat.h"
#include "operator/kube/json_decoder.h"

namespace profiling::controllers {
namespace {

using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds

constexpr Millis kRolloutDebounce{200};
constexpr Millis kEbpfDebounce{1'000};  // a DaemonSet's status changes with each node

std::string ownedSelector() {
  return strCat(specs::kManagedByLabel, "=", specs::kManager);
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

// Empty for an empty key: a relist concerns all namespaces.
std::string_view namespaceOf(std::string_view key) {
  return key.substr(0, key.find('/'));
}

// Adds every key of the store in a namespace, or every key when that is empty: in bulk then, since
// only a relist asks for it.
template <class T>
void enqueue(const kube::Store<T>& store, std::string_view namespace_, kube::WorkQueue& queue,
             Millis delay = Millis(0)) {
  const std::string prefix = namespace_.empty() ? "" : strCat(namespace_, "/");
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

// Adds the policies that refer to a server, or every policy when the server's key is empty.
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

// Adds the key that changed, or every key when that is empty.
template <class T>
void enqueueChanged(const kube::Store<T>& store, std::string_view key, kube::WorkQueue& queue) {
  if (key.empty()) {
    enqueue(store, "", queue);
  } else {
    queue.add(std::string(key));
  }
}

}  // namespace

Watches::Watches(net::HttpClient& http, const Settings& settings, Stores& stores, Queues queues,
                 ResolvedPolicies& resolved, WorkloadIndex& workloads, const Clock& clock)
    : http_(http),
      settings_(settings),
      stores_(stores),
      queues_(queues),
      resolved_(resolved),
      workloads_(workloads),
      clock_(clock) {
  watchServers();
  watchPolicies();
  watchNamespaces();
  watchPods();
  watchRefusals();
  watchRecords();
  watchRevisions();
  watchServerObjects();
  watchCertificateObjects();
  watchEbpfObjects();
}

void Watches::start() {
  for (const Watch& watch : watches_) {
    if (!watch.after_servers) watch.reflector->start();
  }
}

void Watches::startAfterServers() {
  const MutexLock lock(mutex_);
  if (servers_listed_ || stopped_) return;
  servers_listed_ = true;
  for (const Watch& watch : watches_) {
    if (watch.after_servers) watch.reflector->start();
  }
}

void Watches::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  for (const Watch& watch : watches_) watch.reflector->stop();
}

bool Watches::synced() const {
  return std::ranges::all_of(watches_, [](const Watch& watch) { return watch.synced(); });
}

std::vector<std::string> Watches::unsynced() const {
  std::vector<std::string> names;
  for (const Watch& watch : watches_) {
    if (!watch.synced()) names.push_back(watch.name);
  }
  return names;
}

std::vector<const kube::Reflector*> Watches::reflectors() const {
  std::vector<const kube::Reflector*> all;
  all.reserve(watches_.size());
  for (const Watch& watch : watches_) all.push_back(watch.reflector.get());
  return all;
}

void Watches::add(std::unique_ptr<kube::Reflector> reflector, std::function<bool()> synced) {
  const kube::ReflectorOptions& options = reflector->options();
  std::string name = options.resource.plural;
  if (!options.label_selector.empty()) strAppend(name, "?", options.label_selector);
  if (!options.field_selector.empty()) strAppend(name, "?", options.field_selector);
  watches_.push_back({std::move(name), std::move(reflector), std::move(synced)});
}

template <class T>
void Watches::watch(kube::ReflectorOptions options, kube::Store<T>& store, kube::Decoder<T> decoder,
                    kube::ChangeHandler changed) {
  options.timing = settings_.timing;
  add(kube::makeReflector<T>(http_, std::move(options), store, std::move(decoder),
                             std::move(changed), clock_),
      [&store] { return store.synced(); });
}

// A policy may refer to a server of any namespace, or wait for one to be created.
void Watches::watchServers() {
  watch<api::ProfilingServer>(
      select(kServers), stores_.servers,
      kube::jsonDecoder<api::ProfilingServer>(api::serverFromJson), [this](std::string_view key) {
        startAfterServers();
        enqueueChanged(stores_.servers, key, queues_.servers);
        for (kube::WorkQueue* queue : {&queues_.policies, &queues_.rollouts}) {
          enqueueUsers(stores_.policies, key, *queue);
          enqueueUsers(stores_.cluster_policies, key, *queue);
        }
        if (!server_prints_.changed(stores_.servers, key)) return;
        resolved_.changed();
        enqueueWorkloads("");
      });
}

// A policy's pods are counted, and recorded by workload, under it.
void Watches::watchPolicies() {
  watch<api::ProfilingPolicy>(select(kPolicies), stores_.policies,
                              kube::jsonDecoder<api::ProfilingPolicy>(api::policyFromJson),
                              [this](std::string_view key) {
                                enqueueChanged(stores_.policies, key, queues_.policies);
                                enqueueChanged(stores_.policies, key, queues_.rollouts);
                                if (!policy_prints_.changed(stores_.policies, key)) return;
                                resolved_.changed();
                                enqueueWorkloads(namespaceOf(key));
                              });
  watch<api::ClusterProfilingPolicy>(
      select(kClusterPolicies), stores_.cluster_policies,
      kube::jsonDecoder<api::ClusterProfilingPolicy>(api::clusterPolicyFromJson),
      [this](std::string_view key) {
        enqueueChanged(stores_.cluster_policies, key, queues_.policies);
        enqueueChanged(stores_.cluster_policies, key, queues_.rollouts);
        if (!cluster_policy_prints_.changed(stores_.cluster_policies, key)) return;
        resolved_.changed();
        enqueueWorkloads("");
      });
}

// Labels of a namespace decide about grants and about the cluster policies that select it.
void Watches::watchNamespaces() {
  watch<NamespaceRecord>(
      select(kNamespaces), stores_.namespaces, namespaceDecoder(), [this](std::string_view key) {
        resolved_.changed();
        enqueue(stores_.policies, key, queues_.policies);
        enqueue(stores_.cluster_policies, "", queues_.policies, kPodCountDebounce);
        enqueueWorkloads(key);
      });
}

// All pods except those that have ended: Jobs leave those behind by the thousand.
void Watches::watchPods() {
  kube::ReflectorOptions options = select(kPods);
  options.field_selector = "status.phase!=Succeeded,status.phase!=Failed";
  options.timing = settings_.timing;
  const auto changed = [this](const std::string& group, bool bulk) {
    if (bulk) {
      queues_.workloads.add(group, kube::Lane::kBulk);
    } else {
      queues_.workloads.addAfter(group, kPodDebounce);
    }
    enqueueCounts(namespaceOf(group));
  };
  add(kube::makeReflector(http_, std::move(options), makePodSink(stores_.pods, changed), clock_),
      [this] { return stores_.pods.synced(); });
}

// Why the API server refuses pods: a rollout that waits for them reports it. Nothing waits for their
// first list: anyone who may write events can make it long.
void Watches::watchRefusals() {
  kube::ReflectorOptions options = select(kCoreEvents);
  options.field_selector = inject::kRefusalSelector;
  options.timing = settings_.timing;
  const auto changed = [this](std::string_view namespace_) { enqueueRollouts(namespace_); };
  add(kube::makeReflector(http_, std::move(options), makeRefusalSink(stores_.refusals, changed),
                          clock_),
      [] { return true; });
}

void Watches::watchRecords() {
  watch<api::WorkloadProfile>(select(kWorkloads), stores_.records,
                              kube::jsonDecoder<api::WorkloadProfile>(api::workloadFromJson),
                              [this](std::string_view key) {
                                const auto all = stores_.records.snapshot();
                                if (!key.empty()) return recordChanged(std::string(key));
                                for (const auto& [each, record] : *all) recordChanged(each);
                              });
}

void Watches::watchRevisions() {
  watch<api::Revision>(select(kControllerRevisions, std::string(api::kRevisionPolicyKey)),
                       stores_.revisions, kube::jsonDecoder<api::Revision>(api::revisionFromJson),
                       [this](std::string_view key) {
                         resolved_.changed();
                         enqueueRollouts(namespaceOf(key));
                         enqueueWorkloads(namespaceOf(key));
                       });
}

// The owner of a deleted object can no longer be seen, so all servers of its namespace are
// reconciled; there are few.
void Watches::watchServerObjects() {
  const auto changed = [this](std::string_view key) {
    enqueue(stores_.servers, namespaceOf(key), queues_.servers);
  };
  const auto decoder = ownedDecoder(stores_.servers);
  const std::size_t first = watches_.size();
  watch<OwnedRecord>(select(kStatefulSets, ownedSelector()), stores_.stateful_sets, decoder,
                     changed);
  watch<OwnedRecord>(select(kServices, ownedSelector()), stores_.services, decoder, changed);
  // The webhook's CA and Alloy's configuration are in ConfigMaps with the same label.
  watch<OwnedRecord>(select(kConfigMaps, ownedSelector()), stores_.config_maps, decoder,
                     [this, changed](std::string_view key) {
                       changed(key);
                       const auto concerns = [key](const std::string& namespace_,
                                                   const std::string& name) {
                         return key.empty() || key == kube::objectKey(namespace_, name);
                       };
                       const CertificateSettings& certificates = settings_.certificates;
                       if (concerns(certificates.operator_namespace, certificates.ca_configmap)) {
                         queues_.certificates.add(kCertificateKey);
                       }
                       if (settings_.ebpf &&
                           concerns(settings_.ebpf_place.namespace_, settings_.ebpf_place.name)) {
                         queues_.ebpf.add(kEbpfKey);
                       }
                     });
  for (std::size_t i = first; i < watches_.size(); ++i) watches_[i].after_servers = true;
  watch<ServerPodRecord>(select(kPods, ownedSelector()), stores_.server_pods, serverPodDecoder(),
                         changed);
}

// Only triggers: the certificates' reconciler reads the objects anew.
void Watches::watchCertificateObjects() {
  const auto changed = [this](std::string_view) { queues_.certificates.add(kCertificateKey); };
  const CertificateSettings& s = settings_.certificates;
  watch<VersionRecord>(selectOne(kMutatingWebhooks, "", s.webhook_configuration), stores_.webhook,
                       versionDecoder(), changed);
  watch<VersionRecord>(selectOne(kValidatingWebhooks, "", s.webhook_configuration),
                       stores_.validating_webhook, versionDecoder(), changed);
  watch<VersionRecord>(selectOne(kSecrets, s.operator_namespace, s.certificate_secret),
                       stores_.leaf_secret, versionDecoder(), changed);
  watch<VersionRecord>(selectOne(kSecrets, s.operator_namespace, caSecretName(s)),
                       stores_.ca_secret, versionDecoder(), changed);
}

// When eBPF profiling is off, its objects are removed once, at the start of a leader, and not
// watched.
void Watches::watchEbpfObjects() {
  if (!settings_.ebpf) return;
  const specs::EbpfPlace& place = settings_.ebpf_place;
  watch<VersionRecord>(selectOne({"apps", "v1", "daemonsets"}, place.namespace_, place.name),
                       stores_.daemon_set, versionDecoder(), [this](std::string_view) {
                         queues_.ebpf.addAfter(kEbpfKey, kEbpfDebounce);
                       });
}

void Watches::recordChanged(const std::string& key) {
  const auto record = stores_.records.find(key);
  std::string group = record ? groupOf(*record) : "";
  if (!record) {
    const auto it = record_groups_.find(key);
    if (it == record_groups_.end()) return;
    group = it->second;
    record_groups_.erase(it);
    workloads_.owners().forget(key);
  } else if (!group.empty()) {
    record_groups_.insert_or_assign(key, group);
  }
  if (group.empty()) return;
  const bool planned =
      workloads_.setPreflight(group, record ? record->status.preflight : std::nullopt);
  const bool assigned =
      workloads_.setAssignment(group, record ? inject::assignmentOf(*record) : std::nullopt);
  if (planned || assigned) enqueueCounts(namespaceOf(group));
  enqueueRollout(record.get());
  queues_.workloads.add(std::move(group));
}

// Enqueues the policy that decides about a record's workload; without one its pods lose their
// agents.
void Watches::enqueueRollout(const api::WorkloadProfile* record) {
  if (record == nullptr) return;
  const auto& ref = record->status.policy_ref;
  if (!ref) {
    if (record->status.rollout) queues_.rollouts.addAfter(kOrphans, kRolloutDebounce);
    return;
  }
  queues_.rollouts.addAfter(ref->kind == api::ProfilingPolicy::kKind
                                ? kube::objectKey(record->metadata.namespace_, ref->name)
                                : ref->name,
                            kRolloutDebounce);
}

// Enqueues the rollouts that may concern a namespace's pods.
void Watches::enqueueRollouts(std::string_view namespace_) {
  enqueue(stores_.policies, namespace_, queues_.rollouts, kRolloutDebounce);
  enqueue(stores_.cluster_policies, "", queues_.rollouts, kRolloutDebounce);
}

// Enqueues the policies that may count a namespace's pods.
void Watches::enqueueCounts(std::string_view namespace_) {
  enqueueRollouts(namespace_);
  enqueue(stores_.policies, namespace_, queues_.policies, kPodCountDebounce);
  enqueue(stores_.cluster_policies, "", queues_.policies, kPodCountDebounce);
}

// After a change that decides about a namespace's pods: enqueues their records, and every policy
// there, because a pod that one policy wins another loses.
void Watches::enqueueWorkloads(std::string_view namespace_) {
  enqueueCounts(namespace_);
  for (const PodTable::Listed& group : stores_.pods.groups(namespace_)) {
    queues_.workloads.add(group.key, kube::Lane::kBulk);
  }
  const std::string prefix = namespace_.empty() ? "" : strCat(namespace_, "/");
  const auto all = stores_.records.snapshot();
  for (auto it = all->lower_bound(prefix); it != all->end() && it->first.starts_with(prefix);
       ++it) {
    if (std::string group = groupOf(*it->second); !group.empty()) {
      queues_.workloads.add(std::move(group), kube::Lane::kBulk);
    }
  }
}

}  // namespace profiling::controllers
