// Performs the engine's actions: each is one request, harmless when it is repeated.
#pragma once

#include <stop_token>
#include <string>

#include "controllers/engine/engine.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

// kNotFound, kConflict: the pod or the workload is gone or has been replaced, so nothing is to be
// done. kRateLimited: a PodDisruptionBudget forbids it at the moment.
Status perform(kube::Client& client, const std::string& namespace_,
               const api::WorkloadRef& workload, const engine::Action& action,
               const std::string& now, const std::stop_token& stop);

}  // namespace profiling::controllers
