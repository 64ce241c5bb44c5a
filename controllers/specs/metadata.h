// Labels, annotations and owner of every object that we create. Pure.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/server.h"

namespace profiling::specs {

inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kInstanceLabel = "app.kubernetes.io/instance";
inline constexpr std::string_view kNameLabel = "app.kubernetes.io/name";
inline constexpr std::string_view kManager = "profiling-operator";
// On each object: hash of what we applied, so that a field that we no longer want is detected.
inline constexpr std::string_view kAppliedHashKey = "profiling.dev/applied-hash";
// On the server's pod template: a changed configuration restarts the pod.
inline constexpr std::string_view kConfigHashKey = "profiling.dev/config-hash";

// Selects the pods of one server. A StatefulSet's selector cannot change, so neither can this.
nlohmann::json selectorLabels(const api::ProfilingServer& server);
// {name, namespace, labels, ownerReferences: the server as controller}
nlohmann::json ownedMetadata(const api::ProfilingServer& server, std::string_view name);

std::string hashOf(const nlohmann::json& value);  // 16 hex digits
// Adds kAppliedHashKey over the object as it is now.
void stampHash(nlohmann::json& object);

}  // namespace profiling::specs
