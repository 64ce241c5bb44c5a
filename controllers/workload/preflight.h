// What the webhook would do with one pod if it started now: reads it and runs the same decision and
// plan as an admission, without the patch.
#pragma once

#include <stop_token>
#include <string>

#include "controllers/workload/evaluate.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

// kNotFound when the pod is gone meanwhile.
Result<api::Preflight> runPreflight(kube::Client& client, const std::string& namespace_,
                                    const PreflightWanted& wanted,
                                    const inject::NamespaceState& state,
                                    const inject::Settings& settings, const std::stop_token& stop);

}  // namespace profiling::controllers
