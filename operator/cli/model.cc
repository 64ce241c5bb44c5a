#include "operator/cli/model.h"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/text.h"

namespace profiling::cli {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string kindOf(const nlohmann::json& object) {
  if (!object.is_object()) return {};
  const auto kind = object.find("kind");
  return kind != object.end() && kind->is_string() ? kind->get<std::string>() : std::string();
}

}  // namespace

std::string Policy::kind() const {
  return std::string(cluster ? api::ClusterProfilingPolicy::kKind : api::ProfilingPolicy::kKind);
}

std::string Policy::title() const {
  return lower(kind()) + "." + std::string(api::kGroup) + "/" + metadata.name;
}

std::string Policy::shortName() const {
  return (cluster ? "clusterpolicy/" : "policy/") + metadata.name;
}

const std::string& Policy::target() const {
  return status.rollout && !status.rollout->revision.empty() ? status.rollout->revision
                                                             : status.target_revision;
}

Result<Policy> policyFrom(const nlohmann::json& object) {
  const std::string kind = kindOf(object);
  if (kind == api::ProfilingPolicy::kKind) {
    auto read = api::policyFromJson(object);
    if (!read.ok()) return read.status();
    return Policy{false, std::move(read->metadata), std::move(read->spec), std::move(read->status)};
  }
  if (kind == api::ClusterProfilingPolicy::kKind) {
    auto read = api::clusterPolicyFromJson(object);
    if (!read.ok()) return read.status();
    return Policy{true, std::move(read->metadata), std::move(read->spec), std::move(read->status)};
  }
  return Status(Code::kInvalidArgument,
                "kind '" + printable(kind) + "' must be ProfilingPolicy or ClusterProfilingPolicy");
}

bool decides(const Policy& policy, const api::WorkloadProfile& workload) {
  const auto& ref = workload.status.policy_ref;
  return ref && ref->kind == policy.kind() && ref->name == policy.metadata.name &&
         (policy.cluster || workload.metadata.namespace_ == policy.metadata.namespace_);
}

std::string shortName(const api::WorkloadProfile& workload) {
  const api::WorkloadRef& ref = workload.status.workload_ref;
  return ref.kind.empty() ? workload.metadata.name : lower(ref.kind) + "/" + ref.name;
}

std::string title(const api::WorkloadProfile& workload) {
  return "workloadprofile." + std::string(api::kGroup) + "/" + workload.metadata.name;
}

std::string stateOf(const api::WorkloadProfile& workload) {
  return workload.status.rollout ? std::string(api::stateName(workload.status.rollout->state))
                                 : workload.status.phase;
}

nlohmann::json toJson(const Policy& policy) {
  nlohmann::json out = {{"kind", policy.kind()},
                        {"name", policy.metadata.name},
                        {"paused", policy.paused()},
                        {"mode", policy.observes() ? "Observe" : "Enforce"},
                        {"status", api::toJson(policy.status)}};
  if (!policy.cluster) out["namespace"] = policy.metadata.namespace_;
  return out;
}

nlohmann::json toJson(const api::WorkloadProfile& workload) {
  const api::WorkloadProfileSpec& spec = workload.spec;
  nlohmann::json overrides = {{"paused", spec.paused}, {"skip", spec.skip}};
  if (!spec.pin.empty()) overrides["pin"] = spec.pin;
  if (!spec.approve.empty()) overrides["approve"] = spec.approve;
  return {{"name", shortName(workload)},
          {"namespace", workload.metadata.namespace_},
          {"record", workload.metadata.name},
          {"spec", std::move(overrides)},
          {"status", api::toJson(workload.status)}};
}

}  // namespace profiling::cli
