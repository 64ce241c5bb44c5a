#include "controllers/pods/pod_table.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "operator/api/workload_key.h"
#include "operator/base/text.h"
#include "operator/inject/assignment.h"
#include "operator/inject/inject.h"
#include "operator/kube/store.h"

namespace profiling::controllers {
namespace {

std::string joined(const std::vector<api::KeyValueView>& labels) {
  std::string out;
  for (const api::KeyValueView& label : labels) {
    out.append(label.key).append(1, '\n').append(label.value).append(1, '\n');
  }
  return out;
}

std::string linesOf(std::vector<std::string_view> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  std::string out;
  for (const std::string_view text : texts) out.append(out.empty() ? "" : "\n").append(text);
  return out;
}

// Distinguishes an empty annotation from an absent one.
std::string present(const std::optional<std::string_view>& value) {
  return value ? "=" + std::string(*value) : std::string();
}
std::optional<std::string> valueOf(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text.substr(1);
}

// The group that a pod belongs to, by the webhook's own function for naming workloads.
std::string groupOf(const inject::PodFacts& pod) {
  api::PodView view;
  view.name = pod.name;
  view.labels = pod.labels;
  if (pod.owner) view.owners.push_back(*pod.owner);
  const inject::Workload workload = inject::workloadOf(view);
  return api::workloadKeyText(pod.namespace_, workload.kind, workload.name);
}

}  // namespace

bool PodTable::Row::sameAs(const Row& other) const {
  const auto others = [](const Row& r) {
    return std::tie(r.failure, r.images, r.created, r.restarts, r.uid_is_symbol, r.uid);
  };
  return classKey() == other.classKey() && others(*this) == others(other);
}

std::string_view PodTable::Row::name() const {
  return std::string_view(*key).substr(key->find('/') + 1);
}

Symbol PodTable::uidSymbol(const Row& row) const {
  Symbol symbol = 0;
  if (row.uid_is_symbol) std::memcpy(&symbol, row.uid.data(), sizeof symbol);
  return symbol;
}

PodTable::PodTable() = default;
PodTable::~PodTable() = default;

PodTable::Row PodTable::rowOf(const inject::PodFacts& pod) {
  Row row;
  row.labels = symbols_.add(joined(pod.labels));
  if (pod.owner) {
    std::string text;
    for (const std::string_view part :
         {pod.owner->api_version, pod.owner->kind, pod.owner->name, pod.owner->uid}) {
      text.append(part).append(1, '\n');
    }
    row.owner = symbols_.add(text);
  }
  row.inject = symbols_.add(present(pod.inject));
  row.policy = symbols_.add(present(pod.policy));
  row.decision = symbols_.add(pod.decision);
  row.flags = pod.flags;
  row.failure = symbols_.add(failureText(pod.failure));
  row.images = symbols_.add(linesOf(pod.images));
  row.created = pod.created;
  row.restarts = static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(pod.restarts, 0, std::numeric_limits<std::uint16_t>::max()));
  if (const auto uid = uidOf(pod.uid)) {
    row.uid = *uid;
  } else {
    const Symbol symbol = symbols_.add(pod.uid);
    row.uid_is_symbol = true;
    std::memcpy(row.uid.data(), &symbol, sizeof symbol);
  }
  row.list = list_;
  return row;
}

void PodTable::release(const Row& row) {
  for (const Symbol s : {row.labels, row.owner, row.inject, row.policy, row.decision, row.failure,
                         row.images, uidSymbol(row)}) {
    symbols_.release(s);
  }
}

void PodTable::touch(Group& group) {
  group.generation = ++generation_;
  touched_.insert(*group.key);
}

void PodTable::join(Row& row, std::string key) {
  auto [it, fresh] = groups_.try_emplace(std::move(key));
  if (fresh) {
    it->second = std::make_unique<Group>();
    it->second->key = &it->first;
  }
  Group& group = *it->second;
  row.group = &group;
  row.slot = static_cast<std::uint32_t>(group.rows.size());
  group.rows.push_back(&row);
  touch(group);
}

void PodTable::leave(Row& row) {
  Group& group = *row.group;
  touch(group);
  group.rows.back()->slot = row.slot;
  std::swap(group.rows[row.slot], group.rows.back());
  group.rows.pop_back();
  if (group.rows.empty()) groups_.erase(std::string(*group.key));
}

void PodTable::removeRow(std::unordered_map<std::string, Row>::iterator it) {
  leave(it->second);
  release(it->second);
  rows_.erase(it);
}

void PodTable::upsert(const inject::PodFacts& facts) {
  const inject::PodFacts pod = bounded(facts);
  const MutexLock lock(mutex_);
  Row wanted = rowOf(pod);
  auto [it, fresh] = rows_.try_emplace(kube::objectKey(pod.namespace_, pod.name));
  Row& row = it->second;
  if (!fresh && row.sameAs(wanted)) {
    release(wanted);
    row.list = list_;
    return;
  }
  // A name may come back with another owner.
  std::string group = groupOf(pod);
  if (!fresh && *row.group->key == group) {
    release(row);
    std::tie(wanted.group, wanted.slot, wanted.key) = std::tie(row.group, row.slot, row.key);
    row = wanted;
    touch(*row.group);
    return;
  }
  if (!fresh) {
    leave(row);
    release(row);
  }
  row = wanted;
  row.key = &it->first;
  join(row, std::move(group));
}

void PodTable::erase(const std::string& key) {
  const MutexLock lock(mutex_);
  if (const auto it = rows_.find(key); it != rows_.end()) removeRow(it);
}

void PodTable::beginList() {
  const MutexLock lock(mutex_);
  ++list_;
}

void PodTable::keep(const std::string& key) {
  const MutexLock lock(mutex_);
  if (const auto it = rows_.find(key); it != rows_.end()) it->second.list = list_;
}

void PodTable::endList() {
  const MutexLock lock(mutex_);
  for (auto it = rows_.begin(); it != rows_.end();) {
    const auto here = it++;
    if (here->second.list != list_) removeRow(here);
  }
  synced_.store(true, std::memory_order_release);
}

std::vector<std::string> PodTable::takeTouched() {
  const MutexLock lock(mutex_);
  std::vector<std::string> keys;
  keys.reserve(touched_.size());
  for (const std::string& key : touched_) keys.push_back(key);
  // Not clear(): at every event, that would walk over the buckets that the first list made.
  touched_ = {};
  return keys;
}

PodClass PodTable::classOf(const Row& row) const {
  PodClass out;
  out.labels = symbols_.text(row.labels);
  const std::vector<std::string_view> owner = split(symbols_.text(row.owner), '\n');
  if (owner.size() >= 4) {
    out.api_version = owner[0];
    out.owner_kind = owner[1];
    out.owner_name = owner[2];
    out.owner_uid = owner[3];
  }
  out.inject = valueOf(symbols_.text(row.inject));
  out.policy = valueOf(symbols_.text(row.policy));
  out.decision = symbols_.text(row.decision);
  out.flags = row.flags;
  out.example = row.name();
  return out;
}

engine::Pod PodTable::podOf(const Row& row, const engine::Pod& common, bool has_ordinal) const {
  engine::Pod pod = common;
  pod.name = row.name();
  pod.uid = row.uid_is_symbol ? symbols_.text(uidSymbol(row)) : uidText(row.uid);
  if (has_ordinal) pod.ordinal = inject::ordinalOf(pod.name);
  pod.created = engine::Time(std::chrono::seconds(row.created));
  pod.restarts = row.restarts;
  pod.failure = failureOf(symbols_.text(row.failure));
  return pod;
}

template <class See>
std::optional<PodGroup> PodTable::classify(std::string_view key, See&& see) const {
  const auto it = groups_.find(std::string(key));
  auto workload = api::WorkloadKey::parse(key);
  if (it == groups_.end() || !workload) return std::nullopt;
  PodGroup out;
  out.generation = it->second->generation;
  out.namespace_ = std::move(workload->namespace_);
  out.kind = std::move(workload->kind);
  out.name = std::move(workload->name);
  std::vector<const Row*> rows(it->second->rows.begin(), it->second->rows.end());
  std::sort(rows.begin(), rows.end(),
            [](const Row* a, const Row* b) { return a->classKey() < b->classKey(); });
  const Row* last = nullptr;
  for (const Row* row : rows) {
    if (last == nullptr || last->classKey() != row->classKey()) {
      out.classes.push_back(classOf(*row));
    }
    ++out.classes.back().count;
    see(*row, out.classes);
    last = row;
  }
  return out;
}

std::optional<PodGroup> PodTable::group(std::string_view key) const {
  const MutexLock lock(mutex_);
  return classify(key, [](const Row&, const std::vector<PodClass>&) {});
}

std::optional<PodTable::Members> PodTable::members(std::string_view key) const {
  const MutexLock lock(mutex_);
  Members out;
  engine::Pod common;
  std::size_t classes = 0;
  bool has_ordinal = false;
  auto group = classify(
      key, [&](const Row& row, const std::vector<PodClass>& seen) PROFILING_REQUIRES(mutex_) {
        if ((row.flags & inject::kPodFinished) != 0) return;
        if (classes != seen.size()) {
          classes = seen.size();
          common = controllers::podOf(labelsOf(seen.back()), row.flags);
          has_ordinal = seen.back().owner_kind == "StatefulSet";
        }
        out.pods.push_back(podOf(row, common, has_ordinal));
        out.class_of.push_back(classes - 1);
      });
  if (!group) return std::nullopt;
  out.group = *std::move(group);
  return out;
}

engine::Pods PodTable::pods(std::string_view key) const {
  auto found = members(key);
  return found ? std::move(found->pods) : engine::Pods();
}

std::vector<std::string> PodTable::images(std::string_view key) const {
  const MutexLock lock(mutex_);
  const auto it = groups_.find(std::string(key));
  std::set<std::string> out;
  if (it == groups_.end()) return {};
  std::set<Symbol> seen;
  for (const Row* row : it->second->rows) {
    if (row->images == 0 || !seen.insert(row->images).second) continue;
    for (const std::string_view image : split(symbols_.text(row->images), '\n')) out.emplace(image);
  }
  return {out.begin(), out.end()};
}

std::vector<PodTable::Listed> PodTable::groups(std::string_view namespace_) const {
  const MutexLock lock(mutex_);
  std::vector<Listed> out;
  if (namespace_.empty()) out.reserve(groups_.size());
  for (const auto& [key, group] : groups_) {
    const bool inside = namespace_.empty() || (key.starts_with(namespace_) &&
                                               key.substr(namespace_.size()).starts_with('/'));
    if (inside) out.push_back({key, group->generation});
  }
  return out;
}

std::vector<std::uint64_t> PodTable::generations(const std::vector<std::string>& keys) const {
  const MutexLock lock(mutex_);
  std::vector<std::uint64_t> out;
  out.reserve(keys.size());
  for (const std::string& key : keys) {
    const auto it = groups_.find(key);
    out.push_back(it == groups_.end() ? 0 : it->second->generation);
  }
  return out;
}

PodTableStats PodTable::stats() const {
  const MutexLock lock(mutex_);
  return {rows_.size(), groups_.size(), symbols_.size()};
}

}  // namespace profiling::controllers
