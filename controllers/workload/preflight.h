// Reads one pod and computes what the webhook would do if it started now: the decision and plan of
// an admission, without the patch. `detected` is what the workload's record knows.
#pragma once

#include <stop_token>
#include <string>

#include "controllers/workload/evaluate.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

// kNotFound when the pod no longer exists.
Result<api::Preflight> runPreflight(kube::Client& client, const std::string& namespace_,
                                    const PreflightWanted& wanted,
                                    const inject::NamespaceState& state,
                                    const inject::Settings& settings, const std::stop_token& stop,
                                    const std::vector<api::DetectedLanguages>& detected = {});

}  // namespace profiling::controllers
