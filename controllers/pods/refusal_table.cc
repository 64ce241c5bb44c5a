#include "controllers/pods/refusal_table.h"

#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/kube/json.h"

namespace profiling::controllers {
namespace {

std::string_view namespaceIn(std::string_view key) {
  return key.substr(0, key.find('/'));
}
std::string_view nameIn(std::string_view key) {
  return key.substr(key.find('/') + 1);
}

class RefusalSink final : public kube::RecordSink {
 public:
  RefusalSink(RefusalTable& table, RefusalsChanged changed)
      : table_(table), changed_(std::move(changed)) {}

  std::size_t stored() const override { return table_.size(); }

  void beginList() override { table_.beginList(); }
  Status listed(std::string_view object_json) override { return upsert(object_json); }
  void unlisted(const std::string& key) override { erase(key); }
  void keepListed(const std::string& key) override { table_.keep(namespaceIn(key), nameIn(key)); }
  void commitList() override {
    table_.endList();
    touched_.clear();
    changed_({});
  }
  void dropList() override {}  // its events are current all the same

  Status upsert(std::string_view object_json) override {
    const auto object = kube::parseJson(object_json);
    if (!object.ok()) return object.status();
    auto refusal = inject::refusalFromEvent(*object);
    if (!refusal.ok()) return refusal.status();
    touched_.insert(refusal->namespace_);
    table_.put(*std::move(refusal));
    return {};
  }
  void erase(const std::string& key) override {
    table_.erase(namespaceIn(key), nameIn(key));
    touched_.insert(std::string(namespaceIn(key)));
  }
  void flush() override {
    for (const std::string& namespace_ : std::exchange(touched_, {})) changed_(namespace_);
  }

 private:
  RefusalTable& table_;
  const RefusalsChanged changed_;
  std::set<std::string> touched_;  // namespaces, since the last flush
};

}  // namespace

void RefusalTable::put(inject::RefusalEvent refusal) {
  const std::string namespace_ = refusal.namespace_, event = refusal.event;
  const std::int64_t at = refusal.at;
  const MutexLock lock(mutex_);
  refusals_.put(namespace_, event, at, {std::move(refusal), list_});
}

void RefusalTable::erase(std::string_view namespace_, std::string_view event) {
  const MutexLock lock(mutex_);
  refusals_.erase(namespace_, event);
}

void RefusalTable::beginList() {
  const MutexLock lock(mutex_);
  ++list_;
}

void RefusalTable::keep(std::string_view namespace_, std::string_view event) {
  const MutexLock lock(mutex_);
  if (Entry* entry = refusals_.find(namespace_, event)) entry->list = list_;
}

void RefusalTable::endList() {
  const MutexLock lock(mutex_);
  const auto list = list_;
  std::vector<std::pair<std::string, std::string>> gone;
  refusals_.forEach([&](const std::string& namespace_, const std::string& event, const Entry& e) {
    if (e.list != list) gone.emplace_back(namespace_, event);
  });
  for (const auto& [namespace_, event] : gone) refusals_.erase(namespace_, event);
}

std::optional<inject::RefusalEvent> RefusalTable::last(
    std::string_view namespace_,
    const std::function<bool(const inject::RefusalEvent&)>& concerns) const {
  const MutexLock lock(mutex_);
  const inject::RefusalEvent* last = nullptr;
  refusals_.forEachOf(namespace_, [&](const std::string&, const Entry& entry) {
    const inject::RefusalEvent& refusal = entry.refusal;
    if ((last == nullptr || refusal.at > last->at) && concerns(refusal)) last = &refusal;
  });
  return last == nullptr ? std::nullopt : std::optional(*last);
}

std::size_t RefusalTable::size() const {
  const MutexLock lock(mutex_);
  return refusals_.size();
}

std::unique_ptr<kube::RecordSink> makeRefusalSink(RefusalTable& table, RefusalsChanged changed) {
  return std::make_unique<RefusalSink>(table, std::move(changed));
}

}  // namespace profiling::controllers
