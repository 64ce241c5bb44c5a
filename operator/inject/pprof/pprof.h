// Go, Rust and C++ load no agent, but serve pprof: a sidecar of ours, or annotations for a Grafana
// Alloy of the cluster, have it scraped.
#pragma once

#include <optional>
#include <string>

#include "operator/inject/pod_context.h"

namespace profiling::inject {

// Why `container` cannot be scraped under this language.
std::optional<Refusal> pprofProblem(const PodContext& ctx, const api::ContainerView& container,
                                    Reason pod_wide);

// Fills plan.sidecar or plan.annotations; what the pod has already stays.
void planPprof(InjectionPlan& plan, const PodContext& ctx, const api::ContainerView& target,
               api::Language language, const std::string& image);

}  // namespace profiling::inject
