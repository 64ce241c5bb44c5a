#include "controllers/workload/index.h"

#include <utility>

namespace profiling::controllers {
namespace {

// Entries of workloads that are gone are dropped when there are more than twice as many.
constexpr std::size_t kSpare = 1024;

}  // namespace

std::shared_ptr<const WorkloadEvaluation> WorkloadIndex::current(
    const std::string& group, std::uint64_t generation,
    const std::shared_ptr<const inject::Snapshot>& policies) {
  std::uint64_t records = 0;
  {
    const MutexLock lock(mutex_);
    records = records_seen_;
    const auto it = entries_.find(group);
    if (it != entries_.end() && it->second.generation == generation &&
        it->second.policies.lock() == policies) {
      return it->second.evaluation;
    }
  }
  const std::optional<PodGroup> pods = pods_.group(group);
  if (!pods) {
    const MutexLock lock(mutex_);
    entries_.erase(group);
    return nullptr;
  }
  std::optional<inject::Assignment> assignment;
  {
    const MutexLock lock(mutex_);
    if (const auto it = assignments_.find(group); it != assignments_.end()) assignment = it->second;
  }
  auto evaluation = std::make_shared<const WorkloadEvaluation>(
      evaluate(*pods, policies->of(pods->namespace_), preflight(group), settings_,
               assignment ? &*assignment : nullptr));
  const MutexLock lock(mutex_);
  // Not cached if a record changed meanwhile: the next call evaluates again.
  if (records == records_seen_) entries_[group] = {pods->generation, policies, evaluation};
  return evaluation;
}

std::shared_ptr<const WorkloadEvaluation> WorkloadIndex::evaluation(const std::string& group,
                                                                    std::uint64_t generation) {
  return current(group, generation, policies_());
}

void WorkloadIndex::each(
    std::string_view namespace_,
    const std::function<void(const std::string&, const WorkloadEvaluation&)>& visit) {
  const auto policies = policies_();
  const std::vector<PodTable::Listed> groups = pods_.groups(namespace_);
  for (const PodTable::Listed& listed : groups) {
    if (const auto evaluation = current(listed.key, listed.generation, policies)) {
      visit(listed.key, *evaluation);
    }
  }
  if (!namespace_.empty()) return;
  const MutexLock lock(mutex_);
  if (entries_.size() <= 2 * groups.size() + kSpare) return;
  entries_.clear();
}

template <class T>
bool WorkloadIndex::remember(std::unordered_map<std::string, T>& known, const std::string& group,
                             std::optional<T> value) {
  const auto it = known.find(group);
  if (it == known.end() ? !value : value == it->second) return false;
  if (value) {
    known[group] = *std::move(value);
  } else {
    known.erase(it);
  }
  ++records_seen_;
  entries_.erase(group);
  return true;
}

bool WorkloadIndex::setPreflight(const std::string& group,
                                 std::optional<api::Preflight> preflight) {
  const MutexLock lock(mutex_);
  return remember(preflights_, group, std::move(preflight));
}

bool WorkloadIndex::setAssignment(const std::string& group,
                                  std::optional<inject::Assignment> assignment) {
  const MutexLock lock(mutex_);
  return remember(assignments_, group, std::move(assignment));
}

std::optional<api::Preflight> WorkloadIndex::preflight(const std::string& group) const {
  const MutexLock lock(mutex_);
  const auto it = preflights_.find(group);
  return it == preflights_.end() ? std::nullopt : std::optional(it->second);
}

inject::NamespaceState WorkloadIndex::namespaceState(std::string_view namespace_) const {
  return policies_()->of(namespace_);
}

}  // namespace profiling::controllers
