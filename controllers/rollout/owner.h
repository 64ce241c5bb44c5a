// What the engine asks of a workload's own object: its size, its strategy, whether it is busy, and
// what of an autoscaler or a PodDisruptionBudget speaks against touching it.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controllers/engine/world.h"
#include "operator/api/k8s/pod_view.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

// On pod templates: for which revision and step the workload was restarted by us.
inline constexpr std::string_view kRestartedForKey = "profiling.dev/restarted-for";

// Where a kind can be restarted by its template; an empty version: nowhere.
kube::Resource workloadResource(const api::WorkloadRef& workload);

// Pure. Of the object as it was read.
engine::Owner ownerOf(const std::string& kind, const nlohmann::json& object);
bool atMaximum(const api::WorkloadRef& workload, const std::vector<nlohmann::json>& autoscalers);
bool disruptable(const std::vector<api::KeyValueView>& pod_labels,
                 const std::vector<nlohmann::json>& budgets);

// Three reads. A kind that we do not know is taken as it looks from its pods.
Result<engine::Owner> readOwner(kube::Client& client, const std::string& namespace_,
                                const api::WorkloadRef& workload, std::int64_t pods,
                                const std::vector<api::KeyValueView>& pod_labels,
                                const std::stop_token& stop);

}  // namespace profiling::controllers
