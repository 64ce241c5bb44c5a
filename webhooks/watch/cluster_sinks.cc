#include "webhooks/watch/cluster_sinks.h"

#include <nlohmann/json.hpp>

#include "operator/api/json_access.h"
#include "operator/kube/json.h"
#include "operator/kube/store.h"
#include "webhooks/watch/swept_sink.h"

namespace profiling::webhooks {
namespace {

using api::member;
using api::text;

// The object, and its key.
Result<nlohmann::json> named(std::string_view json, std::string& key) {
  auto object = kube::parseJson(json);
  if (!object.ok()) return object;
  const nlohmann::json& metadata = member(*object, "metadata");
  const std::string name = text(member(metadata, "name"));
  if (name.empty()) return Status(Code::kInvalidArgument, "metadata.name is missing");
  key = kube::objectKey(text(member(metadata, "namespace")), name);
  return object;
}

class QuotasSink final : public SweptSink {
 public:
  QuotasSink(ClusterTable& table, std::atomic<bool>& synced) : SweptSink(synced), table_(table) {}

  std::size_t stored() const override { return table_.stats().quotas; }
  void erase(const std::string& key) override { table_.removeQuota(key); }

 private:
  Status read(std::string_view json, std::string& key) override {
    const auto object = named(json, key);
    if (!object.ok()) return object.status();
    table_.setQuota(key, inject::quotaOf(*object));
    return {};
  }
  void sweep(const std::function<bool(const std::string&)>& kept) override {
    table_.keepQuotas(kept);
  }
  ClusterTable& table_;
};

class NodesSink final : public SweptSink {
 public:
  NodesSink(ClusterTable& table, std::atomic<bool>& synced) : SweptSink(synced), table_(table) {}

  std::size_t stored() const override { return table_.stats().nodes; }
  void erase(const std::string& key) override { table_.removeNode(key); }

 private:
  Status read(std::string_view json, std::string& key) override {
    const auto object = named(json, key);
    if (!object.ok()) return object.status();
    const nlohmann::json& labels = member(*object, "metadata", "labels");
    table_.setNode(key, {text(member(labels, "kubernetes.io/os")),
                         text(member(labels, "kubernetes.io/arch"))});
    return {};
  }
  void sweep(const std::function<bool(const std::string&)>& kept) override {
    table_.keepNodes(kept);
  }
  ClusterTable& table_;
};

}  // namespace

std::unique_ptr<kube::RecordSink> makeQuotasSink(ClusterTable& table, std::atomic<bool>& synced) {
  return std::make_unique<QuotasSink>(table, synced);
}

std::unique_ptr<kube::RecordSink> makeNodesSink(ClusterTable& table, std::atomic<bool>& synced) {
  return std::make_unique<NodesSink>(table, synced);
}

}  // namespace profiling::webhooks
