#include "operator/app/webhook_watches.h"

#include <unordered_set>
#include <utility>

#include <nlohmann/json.hpp>

#include "controllers/pods/pod_decoder.h"
#include "controllers/workload/decide.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/kube/client.h"
#include "operator/kube/decode.h"
#include "webhooks/inject/decision_json.h"

namespace profiling::app {
namespace {

template <class T>
kube::Decoder<T> decoderOf(Result<T> (*read)(const nlohmann::json&)) {
  return [read](std::string_view text) -> Result<kube::Decoded<T>> {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    auto record = read(json);
    if (!record.ok()) return record.status();
    const api::ObjectMeta& meta = record->metadata;
    return kube::Decoded<T>{kube::objectKey(meta.namespace_, meta.name),
                            std::make_shared<const T>(*std::move(record))};
  };
}

Result<kube::Decoded<inject::NamespaceRecord>> decodeNamespace(std::string_view text) {
  const auto meta = api::metaFromJson(nlohmann::json::parse(text, nullptr, false));
  if (!meta.ok()) return meta.status();
  return kube::Decoded<inject::NamespaceRecord>{
      meta->name, std::make_shared<const inject::NamespaceRecord>(inject::namespaceRecord(*meta))};
}

Result<kube::Decoded<inject::LimitRangeRecord>> decodeLimitRange(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto meta = api::metaFromJson(json);
  if (!meta.ok()) return meta.status();
  return kube::Decoded<inject::LimitRangeRecord>{
      kube::objectKey(meta->namespace_, meta->name),
      std::make_shared<const inject::LimitRangeRecord>(
          inject::LimitRangeRecord{meta->namespace_, inject::boundsOf(json)})};
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

// Lists are swept: what a complete list did not name is gone.
class SweptSink : public kube::RecordSink {
 public:
  explicit SweptSink(std::atomic<bool>& synced) : synced_(synced) {}
  void beginList() override { named_.clear(); }
  void unlisted(const std::string& key) override { erase(key); }
  void keepListed(const std::string& key) override { named_.insert(key); }
  void commitList() override {
    sweep([this](const std::string& key) { return named_.contains(key); });
    named_ = {};
    synced_ = true;
  }
  void dropList() override { named_ = {}; }
  void flush() override {}

 protected:
  void name(const std::string& key) { named_.insert(key); }

 private:
  virtual void sweep(const std::function<bool(const std::string&)>& named) = 0;

  std::atomic<bool>& synced_;
  std::unordered_set<std::string> named_;
};

class RecordsSink final : public SweptSink {
 public:
  RecordsSink(webhooks::RolloutTable& table, std::atomic<bool>& synced)
      : SweptSink(synced), table_(table) {}

  std::size_t stored() const override { return table_.stats().records; }
  Status listed(std::string_view text) override { return upsert(text); }
  Status upsert(std::string_view text) override {
    const auto record = api::workloadFromJson(nlohmann::json::parse(text, nullptr, false));
    if (!record.ok()) return record.status();
    const api::ObjectMeta& meta = record->metadata;
    const std::string key = kube::objectKey(meta.namespace_, meta.name);
    const auto group = meta.annotations.find(std::string(controllers::kGroupKey));
    name(key);
    table_.setRecord(key,
                     group == meta.annotations.end() ? "" : meta.namespace_ + "/" + group->second,
                     inject::assignmentOf(*record), inject::knownOf(*record));
    return {};
  }
  void erase(const std::string& key) override { table_.removeRecord(key); }

 private:
  void sweep(const std::function<bool(const std::string&)>& named) override {
    table_.keepRecords(named);
  }
  webhooks::RolloutTable& table_;
};

class ProfiledPodsSink final : public SweptSink {
 public:
  ProfiledPodsSink(webhooks::RolloutTable& table, std::atomic<bool>& synced)
      : SweptSink(synced), table_(table) {}

  std::size_t stored() const override { return table_.stats().pods; }
  Status listed(std::string_view text) override { return upsert(text); }
  Status upsert(std::string_view text) override {
    const auto pod = decoder_.decode(text);
    if (!pod.ok()) return pod.status();
    const std::string key = kube::objectKey(pod->namespace_, pod->name);
    name(key);
    api::PodView view;
    view.name = pod->name;
    view.labels = pod->labels;
    if (pod->owner) view.owners.push_back(*pod->owner);
    const auto revision = view.label(api::kProfiledKey);
    if (!revision || (pod->flags & (controllers::kPodDeleting | controllers::kPodFinished)) != 0) {
      table_.podGone(key);
      return {};
    }
    const inject::Workload workload = inject::workloadOf(view);
    table_.podSeen(key, controllers::groupKey(pod->namespace_, workload.kind, workload.name),
                   *revision, inject::replicaOf(pod->decision));
    return {};
  }
  void erase(const std::string& key) override { table_.podGone(key); }

 private:
  void sweep(const std::function<bool(const std::string&)>& named) override {
    table_.keepPods(named);
  }
  webhooks::RolloutTable& table_;
  controllers::PodDecoder decoder_;
};

}  // namespace

WebhookWatches::WebhookWatches(net::HttpClient& http, const CommonOptions& options,
                               webhooks::PodMutator& mutator, webhooks::RolloutTable& rollouts)
    : agents_(options.agents), operator_namespace_(options.operator_namespace), mutator_(mutator) {
  using namespace kube::resources;  // NOLINT(google-build-using-namespace): names of kinds
  const auto changed = [this](std::string_view) { rebuild(); };
  reflectors_.at(0) = kube::makeReflector<api::ProfilingPolicy>(
      http, allOf(kPolicies), policies_, decoderOf(api::policyFromJson), changed);
  reflectors_.at(1) = kube::makeReflector<api::ProfilingServer>(
      http, allOf(kServers), servers_, decoderOf(api::serverFromJson), changed);
  reflectors_.at(2) = kube::makeReflector<inject::NamespaceRecord>(
      http, allOf(kNamespaces), namespaces_, decodeNamespace, changed);
  reflectors_.at(3) = kube::makeReflector<api::ClusterProfilingPolicy>(
      http, allOf(kClusterPolicies), cluster_policies_, decoderOf(api::clusterPolicyFromJson),
      changed);
  reflectors_.at(4) = kube::makeReflector<api::Revision>(
      http, labelled(kControllerRevisions, std::string(api::kRevisionPolicyKey)), revisions_,
      decoderOf(api::revisionFromJson), changed);
  reflectors_.at(5) = kube::makeReflector(http, allOf(kWorkloads),
                                          std::make_unique<RecordsSink>(rollouts, records_synced_));
  reflectors_.at(6) =
      kube::makeReflector(http, labelled(kPods, std::string(api::kProfiledKey)),
                          std::make_unique<ProfiledPodsSink>(rollouts, pods_synced_));
  reflectors_.at(7) = kube::makeReflector<inject::LimitRangeRecord>(
      http, allOf(kLimitRanges), limit_ranges_, decodeLimitRange, changed);
}

void WebhookWatches::start() {
  for (auto& r : reflectors_) r->start();
}

void WebhookWatches::stop() {
  for (auto& r : reflectors_) r->stop();
}

std::optional<std::string> WebhookWatches::unsynced() const {
  if (!policies_.synced()) return "policies are not listed yet";
  if (!cluster_policies_.synced()) return "cluster policies are not listed yet";
  if (!servers_.synced()) return "servers are not listed yet";
  if (!namespaces_.synced()) return "namespaces are not listed yet";
  if (!revisions_.synced()) return "revisions are not listed yet";
  if (!limit_ranges_.synced()) return "limit ranges are not listed yet";
  if (!records_synced_) return "records are not listed yet";
  if (!pods_synced_) return "profiled pods are not listed yet";
  return std::nullopt;
}

// On the reflectors' threads; one at a time, so that an older snapshot never replaces a newer.
void WebhookWatches::rebuild() {
  const std::lock_guard lock(mutex_);
  if (!policies_.synced() || !cluster_policies_.synced() || !servers_.synced() ||
      !namespaces_.synced() || !revisions_.synced() || !limit_ranges_.synced()) {
    return;
  }
  mutator_.use(inject::buildSnapshot(*policies_.snapshot(), *cluster_policies_.snapshot(),
                                     *servers_.snapshot(), *namespaces_.snapshot(), agents_,
                                     *revisions_.snapshot(), operator_namespace_,
                                     *limit_ranges_.snapshot()));
}

webhooks::KnownObjects WebhookWatches::known() const {
  return {.server = [this](const std::string& key) { return servers_.find(key); },
          .namespace_labels =
              [this](const std::string& name) {
                const auto found = namespaces_.find(name);
                return found ? found->labels : std::map<std::string, std::string>();
              }};
}

}  // namespace profiling::app
