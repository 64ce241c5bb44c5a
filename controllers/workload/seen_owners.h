// Which workloads this process has seen at the API server or in its pods' owners. A record alone
// proves nothing: whoever may write WorkloadProfiles can write any uid into one.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "operator/base/mutex.h"

namespace profiling::controllers {

// Thread-safe. Records are named by "namespace/name".
class SeenOwners {
 public:
  void saw(const std::string& record, const std::string& uid);
  bool has(const std::string& record, const std::string& uid) const;
  void forget(const std::string& record);

  // The workload with this uid no longer exists. Its uid never returns, so neither a cached owner
  // nor one that a record names is believed again.
  void lost(const std::string& uid);
  bool isLost(const std::string& uid) const;

 private:
  mutable Mutex mutex_;
  std::unordered_map<std::string, std::string> by_record_ PROFILING_GUARDED_BY(mutex_);
  std::unordered_set<std::string> lost_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::controllers
