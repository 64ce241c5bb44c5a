// What of a pod as a whole speaks against injection, or against one language.
#pragma once

#include <array>
#include <optional>

#include "operator/inject/inject.h"

namespace profiling::inject {

// Too large, not Linux, or something of ours is taken by something else.
std::optional<Reason> podProblem(const api::PodView& pod);

// For each language why no container of the pod can have it; kInjected where nothing is in the way.
std::array<Reason, api::kLanguageCount> languageProblems(const api::PodView& pod,
                                                         const Settings& settings,
                                                         const api::AgentImages& agents);

// Our init container of that language, from an earlier pass; null when there is none.
const api::ContainerView* ownInitContainer(const api::PodView& pod, api::Language language);
const api::VolumeView* findVolume(const api::PodView& pod, std::string_view name);
std::string initContainerName(api::Language language);

}  // namespace profiling::inject
