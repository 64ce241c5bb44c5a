// JSON to and from the kinds of profiling.dev/v1alpha1. Pure and thread-safe.
//
// Reading tolerates unknown fields (an older binary may read a newer object) and reports the first
// wrong one by JSON pointer: "at /spec/sampling/cpuHz: 1000000000 must be between 10 and 500".
// Defaults are those of the CRD, so that an object read from a file behaves as one that was
// applied. Only metadata that ObjectMeta holds is read.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "operator/api/schema.h"
#include "operator/api/v1alpha1/policy.h"
#include "operator/api/v1alpha1/server.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/base/status.h"

namespace profiling::api {

Result<ObjectMeta> metaFromJson(const nlohmann::json& object);
Result<ProfilingPolicy> policyFromJson(const nlohmann::json& object);
Result<ClusterProfilingPolicy> clusterPolicyFromJson(const nlohmann::json& object);
Result<ProfilingServer> serverFromJson(const nlohmann::json& object);
Result<WorkloadProfile> workloadFromJson(const nlohmann::json& object);
nlohmann::json toJson(const ProfilingPolicy& policy);  // apiVersion, kind, metadata, spec, status
nlohmann::json toJson(const ClusterProfilingPolicy& policy);
nlohmann::json toJson(const ProfilingServer& server);
nlohmann::json toJson(const ProfilingPolicyStatus& status);
nlohmann::json toJson(const ProfilingServerStatus& status);
nlohmann::json toJson(const WorkloadProfileStatus& status);
nlohmann::json toJson(const WorkloadRollout& rollout);
nlohmann::json toJson(const PolicyRollout& rollout);

// The fields of each kind.
std::vector<FieldSchema> policySchema();
std::vector<FieldSchema> clusterPolicySchema();
std::vector<FieldSchema> serverSchema();
std::vector<FieldSchema> workloadSchema();

}  // namespace profiling::api
