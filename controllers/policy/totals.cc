#include "controllers/policy/totals.h"

#include <algorithm>
#include <set>

#include "controllers/workload/decide.h"

namespace profiling::controllers {

bool PolicyTotals::isThis(const api::EffectivePolicy& policy) const {
  const api::ObjectMeta& metadata = policy.policy.metadata;
  return policy.cluster == cluster_ && metadata.name == name_ &&
         (cluster_ || metadata.namespace_ == namespace_);
}

void PolicyTotals::add(const WorkloadEvaluation& workload) {
  for (const PolicyShare& share : workload.shares) {
    if (!isThis(*share.policy)) continue;
    const api::WorkloadPods& p = share.pods;
    pods_.not_opted_in += share.not_opted_in;
    if (p.total == 0) continue;
    ++workloads_.matched;
    if (p.profiled == p.total && p.outdated == 0) ++workloads_.profiled;
    pods_.matched += p.total;
    pods_.profiled += p.profiled;
    pods_.ready += p.ready;
    pods_.outdated += p.outdated;
    pods_.missed += p.missed;
    pods_.waiting += p.waiting;
    pods_.skipped += p.skipped;
    for (const auto& [reason, count] : share.skipped) skipped_[reason] += count;
  }
  std::set<std::pair<std::string, std::string>> winners;
  for (const Shadow& shadow : workload.shadows) {
    if (!isThis(*shadow.loser)) continue;
    winners.emplace(std::string(api::policyKind(*shadow.winner)),
                    shadow.winner->policy.metadata.name);
  }
  for (const auto& winner : winners) ++shadowed_by_[winner];
}

void PolicyTotals::writeTo(api::ProfilingPolicyStatus& status) const {
  status.workloads = workloads_;
  status.pods = pods_;
  status.skipped_reasons = topReasons(skipped_);
  std::vector<api::ShadowingPolicy> shadowed;
  for (const auto& [winner, count] : shadowed_by_) {
    shadowed.push_back({winner.first, winner.second, count});
  }
  std::stable_sort(shadowed.begin(), shadowed.end(),
                   [](const auto& a, const auto& b) { return a.workloads > b.workloads; });
  if (shadowed.size() > api::kMaxShadowingPolicies) shadowed.resize(api::kMaxShadowingPolicies);
  status.shadowed_by = std::move(shadowed);
}

}  // namespace profiling::controllers
