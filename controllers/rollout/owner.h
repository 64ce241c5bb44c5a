// What the engine needs from a workload's own object: its size, its strategy, whether it is busy,
// and why an autoscaler or a PodDisruptionBudget forbids changing it.
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

// On pod templates: the revision and step for which we restarted the workload.
inline constexpr std::string_view kRestartedForKey = "profiling.dev/restarted-for";

// The resource of a kind that can be restarted by its template; an empty version: it cannot.
kube::Resource workloadResource(const api::WorkloadRef& workload);

// Pure. `object` is the workload's own object.
engine::Owner ownerOf(const std::string& kind, const nlohmann::json& object);
bool atMaximum(const api::WorkloadRef& workload, const std::vector<nlohmann::json>& autoscalers);
// The PodDisruptionBudgets that select the pods, and whether each allows a disruption.
void readBudgets(const std::vector<api::KeyValueView>& pod_labels,
                 const std::vector<nlohmann::json>& budgets, engine::Owner& owner);

// Reads the object, the autoscalers and the PodDisruptionBudgets; any thread. An unknown kind is judged
// by its pods. A workload that does not exist, or has another uid, is no error: `found` is false. Nor
// are autoscalers and budgets that the operator may not read: an eviction checks the budgets anyway.
Result<engine::Owner> readOwner(kube::Client& client, const std::string& namespace_,
                                const api::WorkloadRef& workload, std::int64_t pods,
                                const std::vector<api::KeyValueView>& pod_labels,
                                const std::stop_token& stop);

}  // namespace profiling::controllers
