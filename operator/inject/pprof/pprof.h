// What cannot be injected but serves pprof (Go, Rust, C++): what is put beside the process for it,
// a sidecar of ours or annotations for an Alloy of the cluster.
#pragma once

#include <optional>
#include <string>

#include "operator/inject/inject.h"
#include "operator/inject/pprof/pprof_endpoint.h"

namespace profiling::inject {

struct PodContext;

// Why `container` cannot be asked under this language.
std::optional<Reason> pprofProblem(const PodContext& ctx, const api::ContainerView& container,
                                   Reason pod_wide);

// Fills plan.sidecar or plan.annotations; what is there already is left.
void planPprof(InjectionPlan& plan, const PodContext& ctx, const api::ContainerView& target,
               api::Language language, const std::string& image);

// Whether an earlier pass has asked the cluster's Alloy for this pod.
bool toldAlloy(const api::PodView& pod);

}  // namespace profiling::inject
