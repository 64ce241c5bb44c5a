// What Kubernetes makes of a pod, as far as an injected container could change it: its
// quality-of-service class, what the scheduler reserves, and the Pod Security level that it meets.
// Pods as JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace profiling::corpus {

std::string qosClass(const nlohmann::json& pod);  // Guaranteed, Burstable, BestEffort

// Of "cpu" or "memory": the largest init container or the sum of the others, whichever is more;
// native sidecars count with both.
double effectiveRequest(const nlohmann::json& pod, const std::string& resource);

std::string securityLevel(const nlohmann::json& pod);  // restricted, baseline, privileged

}  // namespace profiling::corpus
