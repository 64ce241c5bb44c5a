// Which containers of a pod get an agent.
#pragma once

#include <vector>

#include "operator/inject/annotations.h"
#include "operator/inject/pod_reading.h"

namespace profiling::inject {

struct Targets {
  std::vector<const ContainerReading*> containers;  // init containers first, in the pod's order
  std::vector<std::string_view> unknown;            // named, but not in the pod
};

// Without the annotation: the containers that carry an agent from an earlier pass, so that one that
// another webhook put in front does not take their place; else the container that the pod names as
// kubectl's default; else the first that is no known sidecar.
Targets selectTargets(const PodReading& pod, const ContainerSelection& selection,
                      const Settings& settings);

}  // namespace profiling::inject
