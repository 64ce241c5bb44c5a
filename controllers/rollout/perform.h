// Performs the engine's actions: each is one request, safe to repeat.
#pragma once

#include <stop_token>
#include <string>

#include "controllers/engine/engine.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

const char* actionName(engine::Action::Kind kind);

// kNotFound, kConflict: the pod or the workload is gone or was replaced, so there is nothing to do.
// kRateLimited: a PodDisruptionBudget forbids it now.
Status perform(kube::Client& client, const std::string& namespace_,
               const api::WorkloadRef& workload, const engine::Action& action,
               const std::string& now, const std::stop_token& stop);

}  // namespace profiling::controllers
