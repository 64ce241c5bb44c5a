// Properties that Kubernetes derives from a pod and that an injected container could change: QoS
// class, the scheduler's reservation, and Pod Security level. Pods as JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace profiling::corpus {

std::string qosClass(const nlohmann::json& pod);  // Guaranteed, Burstable, BestEffort

// For "cpu" or "memory": the largest init container or the sum of the others, whichever is more;
// native sidecars count in both.
double effectiveRequest(const nlohmann::json& pod, const std::string& resource);

std::string securityLevel(const nlohmann::json& pod);  // restricted, baseline, privileged

}  // namespace profiling::corpus
