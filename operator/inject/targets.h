// Which containers of a pod get an agent.
#pragma once

#include <vector>

#include "operator/inject/annotations.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

struct Targets {
  std::vector<const api::ContainerView*> containers;  // init containers first, in the pod's order
  std::vector<std::string_view> unknown;              // named, but not there
};

// Without the annotation: the containers that carry an agent from an earlier pass, so that one
// which another webhook put in front does not take their place; else the first container that is
// no known sidecar.
Targets selectTargets(const api::PodView& pod, const ContainerSelection& selection,
                      const Settings& settings);

// Whether the container has our mount or one of our merge variables.
bool carriesAgent(const api::ContainerView& container);

}  // namespace profiling::inject
