// What the policies make of every workload, worked out when somebody asks and kept until something
// that it depends on changes: the pods, the namespace's policies, the record's preflight.
//
// A policy's numbers are the sum over its workloads. With the answers kept, that is 10 000
// additions and not 10 000 decisions, and there is no running total that could drift.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "controllers/pods/pod_table.h"
#include "controllers/workload/evaluate.h"

namespace profiling::controllers {

// Thread-safe.
class WorkloadIndex {
 public:
  using Policies = std::function<std::shared_ptr<const inject::Snapshot>()>;

  // `pods` must outlive it; `policies` gives the snapshot of the moment.
  WorkloadIndex(const PodTable& pods, Policies policies, inject::Settings settings)
      : pods_(pods), policies_(std::move(policies)), settings_(std::move(settings)) {}

  // Null when the workload has no pods.
  std::shared_ptr<const WorkloadEvaluation> evaluation(const std::string& group);
  // Calls visit for every workload of a namespace, or of all when that is empty.
  void each(std::string_view namespace_,
            const std::function<void(const std::string& group, const WorkloadEvaluation&)>& visit);

  // What the workload's record says; it goes into the next evaluation. True when it is news.
  bool setPreflight(const std::string& group, std::optional<api::Preflight> preflight);
  std::optional<api::Preflight> preflight(const std::string& group) const;
  // The same for what the rollout has assigned.
  bool setAssignment(const std::string& group, std::optional<inject::Assignment> assignment);

  const inject::Settings& settings() const { return settings_; }
  std::shared_ptr<const inject::Snapshot> policies() const { return policies_(); }
  inject::NamespaceState namespaceState(std::string_view namespace_) const;

 private:
  struct Entry {
    std::uint64_t generation = 0;
    // Not kept alive: else a snapshot of all namespaces would stay as long as one of them has not
    // been asked about since.
    std::weak_ptr<const inject::Snapshot> policies;
    std::shared_ptr<const WorkloadEvaluation> evaluation;
  };
  template <class T>  // true when it is news
  bool remember(std::unordered_map<std::string, T>& known, const std::string& group,
                std::optional<T> value);
  std::shared_ptr<const WorkloadEvaluation> current(
      const std::string& group, std::uint64_t generation,
      const std::shared_ptr<const inject::Snapshot>& policies);

  const PodTable& pods_;
  const Policies policies_;
  const inject::Settings settings_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::unordered_map<std::string, api::Preflight> preflights_;
  std::unordered_map<std::string, inject::Assignment> assignments_;
  std::uint64_t records_seen_ = 0;  // changes of the two
};

}  // namespace profiling::controllers
