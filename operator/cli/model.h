// The rollout as commands see it: one struct for both kinds of policy, and the WorkloadProfiles.
// Pure.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "operator/api/v1alpha1/policy.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/base/status.h"

namespace profiling::cli {

struct Policy {
  bool cluster = false;
  api::ObjectMeta metadata;
  api::ProfilingPolicySpec spec;
  api::ProfilingPolicyStatus status;

  std::string kind() const;
  // "profilingpolicy.profiling.dev/checkout", as kubectl names a changed object.
  std::string title() const;
  // "policy/checkout" or "clusterpolicy/prod", which parseTarget accepts.
  std::string shortName() const;
  // The revision being rolled out, which step and wave refer to.
  const std::string& target() const;
  bool paused() const { return spec.rollout && spec.rollout->paused; }
  bool observes() const { return spec.mode == api::PolicyMode::kObserve; }
  // The controller has not processed the current spec.
  bool stale() const { return status.observed_generation < metadata.generation; }
};

using Workloads = std::vector<api::WorkloadProfile>;

// By the object's kind.
Result<Policy> policyFrom(const nlohmann::json& object);

bool decides(const Policy& policy, const api::WorkloadProfile& workload);
// "deployment/web", which parseTarget accepts.
std::string shortName(const api::WorkloadProfile& workload);
// "workloadprofile.profiling.dev/deployment-web"
std::string title(const api::WorkloadProfile& workload);
// "Soaking"; the record's phase until the engine has decided about it.
std::string stateOf(const api::WorkloadProfile& workload);

// For -o json and yaml: kind, name, namespace, user-written spec and status, with the API's names.
nlohmann::json toJson(const Policy& policy);
nlohmann::json toJson(const api::WorkloadProfile& workload);

}  // namespace profiling::cli
