#include "webhooks/watch/watches.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/codec.h"
#include "operator/kube/client.h"
#include "operator/kube/json_decoder.h"
#include "webhooks/watch/cluster_sinks.h"
#include "webhooks/watch/sinks.h"

namespace profiling::webhooks {
namespace {

Result<inject::NamespaceRecord> namespaceFromJson(const nlohmann::json& object) {
  const auto meta = api::metaFromJson(object);
  if (!meta.ok()) return meta.status();
  return inject::namespaceRecord(*meta);
}

Result<inject::LimitRangeRecord> limitRangeFromJson(const nlohmann::json& object) {
  const auto meta = api::metaFromJson(object);
  if (!meta.ok()) return meta.status();
  return inject::LimitRangeRecord{meta->namespace_, inject::boundsOf(object)};
}

kube::ReflectorOptions allOf(const kube::Resource& resource) {
  kube::ReflectorOptions options;
  options.resource = resource;
  return options;
}

kube::ReflectorOptions labelled(const kube::Resource& resource, std::string selector) {
  kube::ReflectorOptions options = allOf(resource);
  options.label_selector = std::move(selector);
  return options;
}

}  // namespace

Watches::Watches(net::HttpClient& http, Inputs inputs, PodMutator& mutator, RolloutTable& rollouts,
                 ClusterTable& cluster, Breakers& breakers)
    : inputs_(std::move(inputs)), mutator_(mutator) {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  addStore(http, "policies", allOf(kPolicies), policies_,
           kube::jsonDecoder<api::ProfilingPolicy>(api::policyFromJson));
  addStore(http, "servers", allOf(kServers), servers_,
           kube::jsonDecoder<api::ProfilingServer>(api::serverFromJson));
  addStore(http, "namespaces", allOf(kNamespaces), namespaces_,
           kube::jsonDecoder<inject::NamespaceRecord>(namespaceFromJson));
  addStore(http, "cluster policies", allOf(kClusterPolicies), cluster_policies_,
           kube::jsonDecoder<api::ClusterProfilingPolicy>(api::clusterPolicyFromJson));
  addStore(http, "revisions", labelled(kControllerRevisions, std::string(api::kRevisionPolicyKey)),
           revisions_, kube::jsonDecoder<api::Revision>(api::revisionFromJson));
  addStore(http, "limit ranges", allOf(kLimitRanges), limit_ranges_,
           kube::jsonDecoder<inject::LimitRangeRecord>(limitRangeFromJson));
  addTable(http, "records", allOf(kWorkloads), makeRecordsSink(rollouts, records_synced_),
           records_synced_);
  addTable(http, "profiled pods", labelled(kPods, std::string(api::kProfiledKey)),
           makeProfiledPodsSink(rollouts, breakers, pods_synced_), pods_synced_);
  addTable(http, "resource quotas", allOf(kResourceQuotas), makeQuotasSink(cluster, quotas_synced_),
           quotas_synced_);
  kube::ReflectorOptions refusals = allOf(kCoreEvents);
  refusals.field_selector = inject::kRefusalSelector;
  // Admissions do not wait for their first list: anyone who may write events can make it long.
  watches_.push_back({"refused pods",
                      kube::makeReflector(http, std::move(refusals), makeRefusalsSink(breakers)),
                      [] { return true; }});
  if (!inputs_.nodes) return;
  kube::ReflectorOptions nodes = allOf(kNodes);
  nodes.metadata_only = true;
  addTable(http, "nodes", std::move(nodes), makeNodesSink(cluster, nodes_synced_), nodes_synced_);
}

void Watches::addTable(net::HttpClient& http, std::string name, kube::ReflectorOptions options,
                       std::unique_ptr<kube::RecordSink> sink, std::atomic<bool>& synced) {
  watches_.push_back({std::move(name),
                      kube::makeReflector(http, std::move(options), std::move(sink)),
                      [&synced] { return synced.load(); }});
}

template <class T, class Decoder>
void Watches::addStore(net::HttpClient& http, std::string name, kube::ReflectorOptions options,
                       kube::Store<T>& store, Decoder decoder) {
  watches_.push_back({std::move(name),
                      kube::makeReflector<T>(http, std::move(options), store, std::move(decoder),
                                             [this](std::string_view) { rebuild(); }),
                      [&store] { return store.synced(); }});
  snapshot_parts_.push_back([&store] { return store.synced(); });
}

void Watches::start() {
  for (const Watch& watch : watches_) watch.reflector->start();
}

void Watches::stop() {
  for (const Watch& watch : watches_) watch.reflector->stop();
}

std::optional<std::string> Watches::unsynced() const {
  for (const Watch& watch : watches_) {
    if (!watch.synced()) return watch.name + " are not listed yet";
  }
  // A store is synced just before what is built of it.
  if (!built_) return "policies are not put together yet";
  return std::nullopt;
}

std::vector<const kube::Reflector*> Watches::reflectors() const {
  std::vector<const kube::Reflector*> all;
  all.reserve(watches_.size());
  for (const Watch& watch : watches_) all.push_back(watch.reflector.get());
  return all;
}

void Watches::rebuild() {
  const MutexLock lock(rebuilding_);
  for (const auto& synced : snapshot_parts_) {
    if (!synced()) return;
  }
  mutator_.use(inject::buildSnapshot(*policies_.snapshot(), *cluster_policies_.snapshot(),
                                     *servers_.snapshot(), *namespaces_.snapshot(), inputs_.agents,
                                     *revisions_.snapshot(), inputs_.operator_namespace,
                                     *limit_ranges_.snapshot()));
  built_ = true;
}

KnownObjects Watches::known() const {
  return {.server = [this](const std::string& key) { return servers_.find(key); },
          .namespace_labels =
              [this](const std::string& name) {
                const auto found = namespaces_.find(name);
                return found ? found->labels : std::map<std::string, std::string>();
              }};
}

}  // namespace profiling::webhooks
