// What the command line knows of a rollout: one struct for both kinds of policy, and the records of
// its workloads. Pure.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

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
  // "profilingpolicy.profiling.dev/checkout", as kubectl names what it has changed.
  std::string title() const;
  std::string shortName()
      const;  // "policy/checkout", "clusterpolicy/prod": as parseTarget takes it
  // What the rollout moves to: the revision that step and wave refer to.
  const std::string& target() const;
  bool paused() const { return spec.rollout && spec.rollout->paused; }
  bool observes() const { return spec.mode == api::PolicyMode::kObserve; }
  // The controller has not seen the spec as it is now.
  bool stale() const { return status.observed_generation < metadata.generation; }
};

using Workloads = std::vector<api::WorkloadProfile>;

// By the object's kind.
Result<Policy> policyFrom(const nlohmann::json& object);

bool decides(const Policy& policy, const api::WorkloadProfile& workload);
// "deployment/web": as parseTarget takes it.
std::string shortName(const api::WorkloadProfile& workload);
// "workloadprofile.profiling.dev/deployment-web"
std::string title(const api::WorkloadProfile& workload);
// "Soaking"; before the engine has looked at it, the record's phase.
std::string stateOf(const api::WorkloadProfile& workload);

// For -o json and yaml: kind, name, namespace, spec of people and status, with the API's names.
nlohmann::json toJson(const Policy& policy);
nlohmann::json toJson(const api::WorkloadProfile& workload);

}  // namespace profiling::cli
