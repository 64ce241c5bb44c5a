// What is watched, and which keys an event leads to.
#include <string>
#include <string_view>
#include <utility>

#include "controllers/parts.h"
#include "controllers/pods/pod_sink.h"
#include "controllers/specs/metadata.h"

namespace profiling::controllers {
namespace {

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

// Adds the key that changed, or every key when that is empty.
template <class T>
void enqueueChanged(const kube::Store<T>& store, std::string_view key, kube::WorkQueue& queue) {
  if (key.empty()) {
    enqueue(store, "", queue);
  } else {
    queue.add(std::string(key));
  }
}

// What of an object other decisions depend on. Statuses are written all the time, by ourselves too,
// and must not set everything in motion again.
template <class Policy>
std::string printOf(const Policy& policy) {
  const api::ObjectMeta& m = policy.metadata;
  const auto refresh = m.annotations.find(std::string(api::kRefreshAgentsKey));
  return m.uid + " " + std::to_string(m.generation) + (m.deleting ? " deleting" : "") +
         (refresh == m.annotations.end() ? "" : " " + refresh->second);
}
std::string printOf(const api::ProfilingServer& server) {
  const api::ObjectMeta& m = server.metadata;
  const api::Condition* config = api::findCondition(server.status.conditions, "ConfigValid");
  return m.uid + " " + std::to_string(m.generation) + (m.deleting ? " deleting" : "") +
         (config != nullptr && config->status == "False" ? " invalid" : "");
}

// Whether an event is more than a status. After a list all are news, and known from then on.
template <class T>
bool matters(const kube::Store<T>& store, std::string_view key, Fingerprints& prints) {
  if (!key.empty()) {
    const auto object = store.find(key);
    return prints.changed(key, object ? printOf(*object) : "");
  }
  std::map<std::string, std::string, std::less<>> all;
  const auto snapshot = store.snapshot();
  for (const auto& [each, object] : *snapshot) all.emplace(each, printOf(*object));
  prints.reset(std::move(all));
  return true;
}

}  // namespace

bool Fingerprints::changed(std::string_view key, std::string print) {
  const auto it = prints_.find(key);
  const bool same = it != prints_.end() && it->second == print;
  if (print.empty()) {
    if (it != prints_.end()) prints_.erase(it);
    return true;
  }
  prints_.insert_or_assign(std::string(key), std::move(print));
  return !same;
}

void Controllers::Parts::watchServers() {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  watch<api::ProfilingServer>(select(kServers), servers, serverDecoder(),
                              [this](std::string_view key) {
                                enqueueChanged(servers, key, server_queue);
                                // A policy may point at a server of any namespace, or wait for one
                                // to be made.
                                enqueueUsers(policies, key, policy_queue);
                                enqueueUsers(cluster_policies, key, policy_queue);
                                enqueueUsers(policies, key, rollout_queue);
                                enqueueUsers(cluster_policies, key, rollout_queue);
                                if (!matters(servers, key, server_prints)) return;
                                resolved.changed();
                                enqueueWorkloads("");
                              });
}

// A policy's pods are counted, and recorded by workload, under it.
void Controllers::Parts::watchPolicies() {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  watch<api::ProfilingPolicy>(select(kPolicies), policies, policyDecoder(),
                              [this](std::string_view key) {
                                enqueueChanged(policies, key, policy_queue);
                                enqueueChanged(policies, key, rollout_queue);
                                if (!matters(policies, key, policy_prints)) return;
                                resolved.changed();
                                enqueueWorkloads(key.empty() ? key : namespaceOf(key));
                              });
  watch<api::ClusterProfilingPolicy>(select(kClusterPolicies), cluster_policies,
                                     clusterPolicyDecoder(), [this](std::string_view key) {
                                       enqueueChanged(cluster_policies, key, policy_queue);
                                       enqueueChanged(cluster_policies, key, rollout_queue);
                                       if (!matters(cluster_policies, key, cluster_policy_prints))
                                         return;
                                       resolved.changed();
                                       enqueueWorkloads("");
                                     });
  // The labels of a namespace decide about grants, and which cluster policies select it.
  watch<NamespaceRecord>(select(kNamespaces), namespaces, namespaceDecoder(),
                         [this](std::string_view key) {
                           resolved.changed();
                           enqueue(policies, key, policy_queue);
                           enqueue(cluster_policies, "", policy_queue, kPodCountDebounce);
                           enqueueWorkloads(key);
                         });
}

// The policy that decides about a record's workload; without one its pods lose their agents.
void Controllers::Parts::enqueueRollout(const api::WorkloadProfile* record) {
  if (record == nullptr) return;
  const auto& ref = record->status.policy_ref;
  if (!ref) {
    if (record->status.rollout) rollout_queue.addAfter(kOrphans, kRolloutDebounce);
    return;
  }
  rollout_queue.addAfter(ref->kind == api::ProfilingPolicy::kKind
                             ? kube::objectKey(record->metadata.namespace_, ref->name)
                             : ref->name,
                         kRolloutDebounce);
}

// The rollouts that may have to do with a namespace's pods.
void Controllers::Parts::enqueueRollouts(std::string_view namespace_) {
  enqueue(policies, namespace_, rollout_queue, kRolloutDebounce);
  enqueue(cluster_policies, "", rollout_queue, kRolloutDebounce);
}

// The numbers of the policies that may decide about a namespace's pods.
void Controllers::Parts::enqueueCounts(std::string_view namespace_) {
  enqueueRollouts(namespace_);
  enqueue(policies, namespace_, policy_queue, kPodCountDebounce);
  enqueue(cluster_policies, "", policy_queue, kPodCountDebounce);
}

// Something that decides about a namespace's pods has changed: their records, and the numbers of
// every policy there, for what one wins another loses.
void Controllers::Parts::enqueueWorkloads(std::string_view namespace_) {
  enqueueCounts(namespace_);
  for (const PodTable::Listed& group : pods.groups(namespace_)) {
    workload_queue.add(group.key, kube::Lane::kBulk);
  }
  const std::string prefix = namespace_.empty() ? "" : std::string(namespace_) + "/";
  const auto all = records.snapshot();
  for (auto it = all->lower_bound(prefix); it != all->end() && it->first.starts_with(prefix);
       ++it) {
    if (std::string group = groupOf(*it->second); !group.empty()) {
      workload_queue.add(std::move(group), kube::Lane::kBulk);
    }
  }
}

void Controllers::Parts::recordChanged(const std::string& key) {
  const auto record = records.find(key);
  std::string group = record ? groupOf(*record) : "";
  if (!record) {
    const auto it = record_groups.find(key);
    if (it == record_groups.end()) return;
    group = it->second;
    record_groups.erase(it);
  } else if (!group.empty()) {
    record_groups.insert_or_assign(key, group);
  }
  if (group.empty()) return;
  const bool planned =
      workloads.setPreflight(group, record ? record->status.preflight : std::nullopt);
  const bool assigned =
      workloads.setAssignment(group, record ? inject::assignmentOf(*record) : std::nullopt);
  if (planned || assigned) enqueueCounts(namespaceOf(group));
  enqueueRollout(record.get());
  workload_queue.add(std::move(group));
}

// Every pod, but none that has ended: Jobs leave those behind by the thousand.
void Controllers::Parts::watchPods() {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  kube::ReflectorOptions options = select(kPods);
  options.field_selector = "status.phase!=Succeeded,status.phase!=Failed";
  options.timing = settings.timing;
  const auto changed = [this](const std::string& group, bool bulk) {
    if (bulk) {
      workload_queue.add(group, kube::Lane::kBulk);
    } else {
      workload_queue.addAfter(group, kPodDebounce);
    }
    enqueueCounts(namespaceOf(group));
  };
  add(kube::makeReflector(watches, std::move(options), makePodSink(pods, changed), clock),
      [this] { return pods.synced(); });
  watch<api::WorkloadProfile>(select(kWorkloads), records, workloadDecoder(),
                              [this](std::string_view key) {
                                const auto all = records.snapshot();
                                if (!key.empty()) return recordChanged(std::string(key));
                                for (const auto& [each, record] : *all) recordChanged(each);
                              });
}

void Controllers::Parts::watchRevisions() {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  watch<api::Revision>(select(kControllerRevisions, std::string(api::kRevisionPolicyKey)),
                       revisions, revisionDecoder(), [this](std::string_view key) {
                         resolved.changed();
                         enqueueRollouts(key.empty() ? key : namespaceOf(key));
                         enqueueWorkloads(key.empty() ? key : namespaceOf(key));
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
  // The webhook's CA and Alloy's configuration are in ConfigMaps with the same label.
  watch<OwnedRecord>(select(kConfigMaps, ownedSelector()), config_maps, ownedDecoder(),
                     [this, changed](std::string_view key) {
                       changed(key);
                       const auto is = [&](const std::string& name) {
                         return key.empty() ||
                                key == kube::objectKey(settings.operator_namespace, name);
                       };
                       if (is(settings.ca_configmap)) certificate_queue.add(kCertificateKey);
                       if (settings.ebpf && is(settings.ebpf_name)) ebpf_queue.add(kEbpfKey);
                     });
  watch<ServerPodRecord>(select(kPods, ownedSelector()), server_pods, serverPodDecoder(), changed);
}

// These only say that something changed: the certificates' reconciler reads the objects anew.
void Controllers::Parts::watchCertificateObjects() {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  const auto changed = [this](std::string_view) { certificate_queue.add(kCertificateKey); };
  const std::string& ns = settings.operator_namespace;
  watch<VersionRecord>(selectOne(kMutatingWebhooks, "", settings.webhook_configuration), webhook,
                       versionDecoder(), changed);
  watch<VersionRecord>(selectOne(kValidatingWebhooks, "", settings.webhook_configuration),
                       validating_webhook, versionDecoder(), changed);
  watch<VersionRecord>(selectOne(kSecrets, ns, settings.certificate_secret), leaf_secret,
                       versionDecoder(), changed);
  watch<VersionRecord>(selectOne(kSecrets, ns, caSecretName(certificateSettings(settings))),
                       ca_secret, versionDecoder(), changed);
}

// What is switched off is removed once, at the start of a leader, and not watched.
void Controllers::Parts::watchEbpfObjects() {
  if (!settings.ebpf) return;
  watch<VersionRecord>(
      selectOne({"apps", "v1", "daemonsets"}, settings.operator_namespace, settings.ebpf_name),
      daemon_set, versionDecoder(),
      [this](std::string_view) { ebpf_queue.addAfter(kEbpfKey, kEbpfDebounce); });
}

}  // namespace profiling::controllers
