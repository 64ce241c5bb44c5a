// Reasons against injecting a pod as a whole, or against one language in it.
#pragma once

#include <array>
#include <optional>

#include "operator/inject/placement/placement.h"
#include "operator/inject/pod_reading.h"

namespace profiling::inject {

// Too large, not Linux, or something of ours is taken by something else.
std::optional<Reason> podProblem(const api::PodView& pod);

// For each language, why no container of the pod can have it; kInjected where one can. `nodes` may
// be null.
std::array<Reason, api::kLanguageCount> languageProblems(const PodReading& reading,
                                                         const Settings& settings,
                                                         const api::AgentImages& agents,
                                                         const NodeClasses* nodes);

// Null: the pod has no volume of that name. Lives as long as the pod's view.
const api::VolumeView* findVolume(const api::PodView& pod, std::string_view name);

}  // namespace profiling::inject
