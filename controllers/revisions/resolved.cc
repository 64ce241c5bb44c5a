#include "controllers/revisions/resolved.h"

namespace profiling::controllers {

void ResolvedPolicies::changed() {
  const MutexLock lock(mutex_);
  snapshot_.reset();
}

std::shared_ptr<const inject::Snapshot> ResolvedPolicies::current() {
  const MutexLock lock(mutex_);
  if (!snapshot_) {
    snapshot_ =
        inject::buildSnapshot(*stores_.policies.snapshot(), *stores_.cluster_policies.snapshot(),
                              *stores_.servers.snapshot(), *stores_.namespaces.snapshot(), agents_,
                              *stores_.revisions.snapshot(), operator_namespace_);
  }
  return snapshot_;
}

}  // namespace profiling::controllers
