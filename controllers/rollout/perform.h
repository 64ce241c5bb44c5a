// Performs the engine's actions: each is one request, safe to repeat. Any thread.
#pragma once

#include <stop_token>
#include <string>

#include "controllers/engine/engine.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

// As metrics name it: evict, delete, restart.
const char* actionName(engine::Action::Kind kind);

// kNotFound, kConflict: the pod or the workload is gone or was replaced, so there is nothing to do.
// kRateLimited: a PodDisruptionBudget forbids it now. Other errors are the client's. `now` is RFC 3339:
// an Argo Rollout is restarted by that time.
Status perform(kube::Client& client, const std::string& namespace_,
               const api::WorkloadRef& workload, const engine::Action& action,
               const std::string& now, const std::stop_token& stop);

}  // namespace profiling::controllers
