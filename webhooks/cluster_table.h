// The ResourceQuotas and the platforms of the nodes, as admissions read them. Both change with every
// pod or heartbeat, so they are no part of the snapshot, which is built anew for each change.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "operator/base/mutex.h"
#include "operator/inject/decide_pod.h"
#include "operator/inject/placement/placement.h"

namespace profiling::webhooks {

// Quotas of one namespace that are kept: each event copies them, each admission reads them. What a
// further one forbids is found when the API server refuses the pod.
inline constexpr std::size_t kMostQuotas = 100;

// Thread-safe: short locks.
class ClusterTable final : public inject::ClusterState {
 public:
  // From the watch of the quotas; only those that count what an addition takes are kept. Names are
  // "namespace/name".
  void setQuota(const std::string& key, inject::Quota quota);
  void removeQuota(const std::string& key);
  void keepQuotas(const std::function<bool(const std::string& key)>& named);

  // From the watch of the nodes.
  void setNode(const std::string& name, const inject::NodeClass& node);
  void removeNode(const std::string& name);
  void keepNodes(const std::function<bool(const std::string& name)>& named);

  std::shared_ptr<const inject::Quotas> quotas(std::string_view namespace_) const override;
  // Null until a node was seen.
  std::shared_ptr<const inject::NodeClasses> nodes() const override;

  struct Stats {
    std::size_t quotas = 0, nodes = 0;
  };
  Stats stats() const;

 private:
  struct ClassLess {
    bool operator()(const inject::NodeClass& a, const inject::NodeClass& b) const {
      return a.os != b.os ? a.os < b.os : a.arch < b.arch;
    }
  };
  using Classes = std::map<inject::NodeClass, std::size_t, ClassLess>;

  void removeQuotaLocked(const std::string& key) PROFILING_REQUIRES(mutex_);
  void leaveClass(Classes::iterator at) PROFILING_REQUIRES(mutex_);
  void publishClasses() PROFILING_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<const inject::Quotas>, std::less<>> quotas_
      PROFILING_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Classes::iterator> nodes_ PROFILING_GUARDED_BY(mutex_);
  Classes classes_ PROFILING_GUARDED_BY(mutex_);  // with the number of nodes
  std::shared_ptr<const inject::NodeClasses> published_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::webhooks
