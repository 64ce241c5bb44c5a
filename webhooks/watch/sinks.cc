#include "webhooks/watch/sinks.h"

#include <functional>
#include <utility>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/codec.h"
#include "operator/api/workload_key.h"
#include "operator/inject/decision_json.h"
#include "operator/inject/pods/facts_decoder.h"
#include "operator/inject/pods/pod_facts.h"
#include "operator/kube/store.h"
#include "webhooks/watch/swept_sink.h"

namespace profiling::webhooks {
namespace {

class RecordsSink final : public SweptSink {
 public:
  RecordsSink(RolloutTable& table, std::atomic<bool>& synced) : SweptSink(synced), table_(table) {}

  std::size_t stored() const override { return table_.stats().records; }
  void erase(const std::string& key) override { table_.removeRecord(key); }

 private:
  Status read(std::string_view text, std::string& key) override {
    const auto record = api::workloadFromJson(nlohmann::json::parse(text, nullptr, false));
    if (!record.ok()) return record.status();
    const api::ObjectMeta& meta = record->metadata;
    key = kube::objectKey(meta.namespace_, meta.name);
    std::vector<std::string> owners = record->status.owner_uids;
    if (!record->owner_uid.empty()) owners.push_back(record->owner_uid);
    const auto group = meta.annotations.find(std::string(api::kGroupKey));
    table_.setRecord(key,
                     group == meta.annotations.end() ? "" : meta.namespace_ + "/" + group->second,
                     inject::assignmentOf(*record), inject::knownOf(*record), std::move(owners));
    return {};
  }
  void sweep(const std::function<bool(const std::string&)>& named) override {
    table_.keepRecords(named);
  }
  RolloutTable& table_;
};

class ProfiledPodsSink final : public SweptSink {
 public:
  ProfiledPodsSink(RolloutTable& table, Breakers& breakers, std::atomic<bool>& synced)
      : SweptSink(synced), table_(table), breakers_(breakers) {}

  std::size_t stored() const override { return table_.stats().pods; }
  void erase(const std::string& key) override {
    table_.podGone(key);
    breakers_.podGone(key);
  }

 private:
  Status read(std::string_view text, std::string& key) override {
    const auto pod = decoder_.decode(text);
    if (!pod.ok()) return pod.status();
    key = kube::objectKey(pod->namespace_, pod->name);
    api::PodView view;
    view.name = pod->name;
    view.labels = pod->labels;
    if (pod->owner) view.owners.push_back(*pod->owner);
    const auto revision = view.label(api::kProfiledKey);
    if (!revision || (pod->flags & (inject::kPodDeleting | inject::kPodFinished)) != 0) {
      erase(key);
      return {};
    }
    breakers_.podSeen(key, *pod);
    const inject::Workload workload = inject::workloadOf(view);
    std::vector<std::string> finds;
    for (const inject::Guess& guess : inject::guessesInText(pod->decision)) {
      finds.push_back(findKey(
          {pod->namespace_, workload.kind, workload.name, -1, {}, workload.template_hash}, guess));
    }
    table_.podSeen(key, api::workloadKeyText(pod->namespace_, workload.kind, workload.name),
                   *revision, inject::replicaOf(pod->decision),
                   pod->owner ? pod->owner->uid : std::string_view(), std::move(finds));
    return {};
  }
  void sweep(const std::function<bool(const std::string&)>& named) override {
    table_.keepPods(named);
    breakers_.keepPods(named);
  }
  RolloutTable& table_;
  Breakers& breakers_;
  inject::FactsDecoder decoder_;
};

// Events need no bookkeeping: what they say is forgotten with time.
class RefusalsSink final : public kube::RecordSink {
 public:
  explicit RefusalsSink(Breakers& breakers) : breakers_(breakers) {}

  std::size_t stored() const override { return breakers_.stats().refused_owners; }
  void beginList() override {}
  Status listed(std::string_view text) override { return read(text, true); }
  Status upsert(std::string_view text) override { return read(text, false); }
  void unlisted(const std::string&) override {}
  void keepListed(const std::string&) override {}
  void commitList() override {}
  void dropList() override {}
  void erase(const std::string&) override {}
  void flush() override {}

 private:
  Status read(std::string_view text, bool listed) {
    const auto event = inject::refusalFromEvent(nlohmann::json::parse(text, nullptr, false));
    if (!event.ok()) return event.status();
    breakers_.refusal(*event, listed);
    return {};
  }
  Breakers& breakers_;
};

}  // namespace

std::unique_ptr<kube::RecordSink> makeRecordsSink(RolloutTable& table, std::atomic<bool>& synced) {
  return std::make_unique<RecordsSink>(table, synced);
}

std::unique_ptr<kube::RecordSink> makeProfiledPodsSink(RolloutTable& table, Breakers& breakers,
                                                       std::atomic<bool>& synced) {
  return std::make_unique<ProfiledPodsSink>(table, breakers, synced);
}

std::unique_ptr<kube::RecordSink> makeRefusalsSink(Breakers& breakers) {
  return std::make_unique<RefusalsSink>(breakers);
}

}  // namespace profiling::webhooks
