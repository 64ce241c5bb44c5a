// Which languages' agents one container is to have.
#pragma once

#include <vector>

#include "operator/inject/container_plan.h"
#include "operator/inject/env.h"

namespace profiling::inject {

// The ladder: annotation, policy, hints, what the record knows of such a container, every one that
// is inert. What an earlier pass put in stays. `guessed` tells whether it came to the last.
std::vector<api::Language> chooseLanguages(const PodContext& ctx, const ContainerEnv& env,
                                           std::vector<Warning>& warnings, bool& guessed);

}  // namespace profiling::inject
