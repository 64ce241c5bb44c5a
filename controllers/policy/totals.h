// The numbers of a policy: the sum over the workloads that it decides about. Pure.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controllers/workload/evaluate.h"
#include "operator/api/v1alpha1/policy.h"

namespace profiling::controllers {

class PolicyTotals {
 public:
  // The numbers of the policy of that kind and name; `namespace_` is empty for a cluster policy.
  PolicyTotals(bool cluster, std::string namespace_, std::string name)
      : cluster_(cluster), namespace_(std::move(namespace_)), name_(std::move(name)) {}

  void add(const WorkloadEvaluation& workload);
  void writeTo(api::ProfilingPolicyStatus& status) const;

 private:
  bool isThis(const api::EffectivePolicy& policy) const;

  const bool cluster_;
  const std::string namespace_, name_;
  api::PolicyWorkloads workloads_;
  api::PolicyPods pods_;
  std::map<inject::Reason, std::int64_t> skipped_;
  std::map<std::pair<std::string, std::string>, std::int64_t> shadowed_by_;  // kind, name
};

}  // namespace profiling::controllers
