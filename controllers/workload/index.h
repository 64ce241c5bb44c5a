// The evaluation of every workload, computed on demand and cached until one of its inputs changes:
// the pods, the namespace's policies, the record's preflight or assignment.
//
// A policy's numbers are the sum over its workloads. With the cache, that is 10 000 additions and
// not 10 000 decisions, and there is no running total that could drift.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "controllers/pods/pod_table.h"
#include "controllers/workload/evaluate.h"
#include "controllers/workload/seen_owners.h"
#include "operator/base/mutex.h"

namespace profiling::controllers {

// Thread-safe.
class WorkloadIndex {
 public:
  using Policies = std::function<std::shared_ptr<const inject::Snapshot>()>;

  // `pods` must outlive it; `policies` returns the current snapshot.
  WorkloadIndex(const PodTable& pods, Policies policies, inject::Settings settings)
      : pods_(pods), policies_(std::move(policies)), settings_(std::move(settings)) {}

  // Null when the workload has no pods. `generation` is that of its pods, as the table lists it: the
  // result is then the same object until something changes. Without it, the pods are evaluated again.
  std::shared_ptr<const WorkloadEvaluation> evaluation(const std::string& group,
                                                       std::uint64_t generation = 0);
  // Calls visit for every workload of a namespace, or of all when that is empty.
  void each(std::string_view namespace_,
            const std::function<void(const std::string& group, const WorkloadEvaluation&)>& visit);

  // The preflight of the workload's record, for the next evaluation. True when it is new.
  bool setPreflight(const std::string& group, std::optional<api::Preflight> preflight);
  std::optional<api::Preflight> preflight(const std::string& group) const;
  // The same for the rollout's assignment.
  bool setAssignment(const std::string& group, std::optional<inject::Assignment> assignment);

  SeenOwners& owners() { return owners_; }
  const SeenOwners& owners() const { return owners_; }
  const inject::Settings& settings() const { return settings_; }
  std::shared_ptr<const inject::Snapshot> policies() const { return policies_(); }
  inject::NamespaceState namespaceState(std::string_view namespace_) const;

 private:
  struct Entry {
    std::uint64_t generation = 0;
    // Weak: otherwise a workload that is not evaluated again would keep an old snapshot of all
    // namespaces alive.
    std::weak_ptr<const inject::Snapshot> policies;
    std::shared_ptr<const WorkloadEvaluation> evaluation;
  };
  template <class T>  // true when the value is new
  bool remember(std::unordered_map<std::string, T>& known, const std::string& group,
                std::optional<T> value) PROFILING_REQUIRES(mutex_);
  std::shared_ptr<const WorkloadEvaluation> current(
      const std::string& group, std::uint64_t generation,
      const std::shared_ptr<const inject::Snapshot>& policies);

  const PodTable& pods_;
  const Policies policies_;
  const inject::Settings settings_;
  SeenOwners owners_;
  mutable Mutex mutex_;
  std::unordered_map<std::string, Entry> entries_ PROFILING_GUARDED_BY(mutex_);
  std::unordered_map<std::string, api::Preflight> preflights_ PROFILING_GUARDED_BY(mutex_);
  std::unordered_map<std::string, inject::Assignment> assignments_ PROFILING_GUARDED_BY(mutex_);
  std::uint64_t records_seen_ PROFILING_GUARDED_BY(mutex_) = 0;  // changes of the two
};

}  // namespace profiling::controllers
