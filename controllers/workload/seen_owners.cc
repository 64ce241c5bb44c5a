#include "controllers/workload/seen_owners.h"

namespace profiling::controllers {
namespace {

// A forgotten uid is found lost again by the next read.
constexpr std::size_t kMaxLost = 10'000;

}  // namespace

void SeenOwners::saw(const std::string& record, const std::string& uid) {
  const MutexLock lock(mutex_);
  by_record_.insert_or_assign(record, uid);
}

bool SeenOwners::has(const std::string& record, const std::string& uid) const {
  const MutexLock lock(mutex_);
  const auto it = by_record_.find(record);
  return it != by_record_.end() && it->second == uid;
}

void SeenOwners::forget(const std::string& record) {
  const MutexLock lock(mutex_);
  by_record_.erase(record);
}

void SeenOwners::lost(const std::string& uid) {
  const MutexLock lock(mutex_);
  if (lost_.size() >= kMaxLost) lost_.clear();
  lost_.insert(uid);
  std::erase_if(by_record_, [&](const auto& each) { return each.second == uid; });
}

bool SeenOwners::isLost(const std::string& uid) const {
  const MutexLock lock(mutex_);
  return lost_.contains(uid);
}

}  // namespace profiling::controllers
