#include "controllers/pods/pod_sink.h"

#include <utility>

#include "operator/inject/pods/facts_decoder.h"

namespace profiling::controllers {
namespace {

class PodSink final : public kube::RecordSink {
 public:
  PodSink(PodTable& table, GroupChanged changed) : table_(table), changed_(std::move(changed)) {}

  std::size_t stored() const override { return table_.stats().pods; }

  void beginList() override { table_.beginList(); }
  Status listed(std::string_view object_json) override { return upsert(object_json); }
  void unlisted(const std::string& key) override { table_.erase(key); }
  void keepListed(const std::string& key) override { table_.keep(key); }
  void commitList() override {
    table_.endList();
    tell(true);
  }
  void dropList() override {}  // its pods are current all the same; the next list reports them

  Status upsert(std::string_view object_json) override {
    Result<inject::PodFacts> pod = decoder_.decode(object_json);
    if (!pod.ok()) return pod.status();
    table_.upsert(*pod);
    return {};
  }
  void erase(const std::string& key) override { table_.erase(key); }
  void flush() override { tell(false); }

 private:
  void tell(bool bulk) {
    for (const std::string& group : table_.takeTouched()) changed_(group, bulk);
  }

  PodTable& table_;
  const GroupChanged changed_;
  inject::FactsDecoder decoder_;
};

}  // namespace

std::unique_ptr<kube::RecordSink> makePodSink(PodTable& table, GroupChanged changed) {
  return std::make_unique<PodSink>(table, std::move(changed));
}

}  // namespace profiling::controllers
