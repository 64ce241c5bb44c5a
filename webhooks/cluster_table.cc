#include "webhooks/cluster_table.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace profiling::webhooks {
namespace {

std::string_view namespaceOf(std::string_view key) {
  return key.substr(0, key.find('/'));
}
std::string_view nameIn(std::string_view key) {
  const std::size_t slash = key.find('/');
  return slash == std::string_view::npos ? key : key.substr(slash + 1);
}

}  // namespace

void ClusterTable::setQuota(const std::string& key, inject::Quota quota) {
  const MutexLock lock(mutex_);
  removeQuotaLocked(key);
  if (!quota.counts()) return;
  auto& of = quotas_[std::string(namespaceOf(key))];
  inject::Quotas all = of == nullptr ? inject::Quotas() : *of;
  if (all.size() >= kMostQuotas) return;
  all.push_back(std::move(quota));
  of = std::make_shared<const inject::Quotas>(std::move(all));
}

void ClusterTable::removeQuota(const std::string& key) {
  const MutexLock lock(mutex_);
  removeQuotaLocked(key);
}

void ClusterTable::removeQuotaLocked(const std::string& key) {
  const auto of = quotas_.find(namespaceOf(key));
  if (of == quotas_.end()) return;
  inject::Quotas rest = *of->second;
  std::erase_if(rest, [&](const inject::Quota& quota) { return quota.name == nameIn(key); });
  if (rest.empty()) {
    quotas_.erase(of);
  } else {
    of->second = std::make_shared<const inject::Quotas>(std::move(rest));
  }
}

void ClusterTable::keepQuotas(const std::function<bool(const std::string&)>& named) {
  const MutexLock lock(mutex_);
  std::vector<std::string> gone;
  for (const auto& [namespace_, all] : quotas_) {
    for (const inject::Quota& quota : *all) {
      std::string key = namespace_ + "/" + quota.name;
      if (!named(key)) gone.push_back(std::move(key));
    }
  }
  for (const std::string& key : gone) removeQuotaLocked(key);
}

void ClusterTable::setNode(const std::string& name, const inject::NodeClass& node) {
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(name);
  if (found != nodes_.end() && found->second->first == node) return;
  const auto [at, added] = classes_.try_emplace(node, 0);
  ++at->second;
  if (found != nodes_.end()) {
    leaveClass(std::exchange(found->second, at));
  } else {
    nodes_.emplace(name, at);
  }
  if (added) publishClasses();
}

void ClusterTable::removeNode(const std::string& name) {
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(name);
  if (found == nodes_.end()) return;
  leaveClass(found->second);
  nodes_.erase(found);
}

void ClusterTable::keepNodes(const std::function<bool(const std::string&)>& named) {
  const MutexLock lock(mutex_);
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    if (named(it->first)) {
      ++it;
      continue;
    }
    leaveClass(it->second);
    it = nodes_.erase(it);
  }
}

void ClusterTable::leaveClass(Classes::iterator at) {
  if (--at->second != 0) return;
  classes_.erase(at);
  publishClasses();
}

void ClusterTable::publishClasses() {
  inject::NodeClasses all;
  for (const auto& [node, count] : classes_) all.push_back(node);
  published_ = all.empty() ? nullptr : std::make_shared<const inject::NodeClasses>(std::move(all));
}

std::shared_ptr<const inject::Quotas> ClusterTable::quotas(std::string_view namespace_) const {
  const MutexLock lock(mutex_);
  const auto of = quotas_.find(namespace_);
  return of == quotas_.end() ? nullptr : of->second;
}

std::shared_ptr<const inject::NodeClasses> ClusterTable::nodes() const {
  const MutexLock lock(mutex_);
  return published_;
}

ClusterTable::Stats ClusterTable::stats() const {
  const MutexLock lock(mutex_);
  Stats out{0, nodes_.size()};
  for (const auto& [namespace_, all] : quotas_) out.quotas += all->size();
  return out;
}

}  // namespace profiling::webhooks
