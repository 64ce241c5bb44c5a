#include "controllers/policy/resolved.h"

namespace profiling::controllers {

void ResolvedPolicies::changed() {
  const std::scoped_lock lock(mutex_);
  snapshot_.reset();
}

std::shared_ptr<const inject::Snapshot> ResolvedPolicies::current() {
  const std::scoped_lock lock(mutex_);
  if (!snapshot_) {
    snapshot_ = inject::buildSnapshot(*policies_.snapshot(), *cluster_policies_.snapshot(),
                                      *servers_.snapshot(), *namespaces_.snapshot(), agents_);
  }
  return snapshot_;
}

}  // namespace profiling::controllers
