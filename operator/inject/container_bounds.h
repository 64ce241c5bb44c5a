// The bounds that the LimitRanges of a namespace set for every container. The API server would refuse
// a pod whose sidecar requests less than the minimum. (The init containers that copy agents have the
// size of one of the pod's own containers, which complies already.)
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "operator/api/k8s/pod_view.h"
#include "operator/base/status.h"

namespace profiling::inject {

// Quantities; empty: no bound.
struct ContainerBounds {
  std::string cpu_min, cpu_max, memory_min, memory_max;
  bool ratio = false;  // limits the ratio of limit to request: the sidecar's are then equal

  bool any() const {
    return ratio || !cpu_min.empty() || !cpu_max.empty() || !memory_min.empty() ||
           !memory_max.empty();
  }
};

// The items of spec.limits of type Container; a text that is no quantity sets no bound.
ContainerBounds boundsOf(const nlohmann::json& limit_range);
// Both apply: the greater minimum, the smaller maximum.
ContainerBounds tighter(const ContainerBounds& a, const ContainerBounds& b);

// `wanted` within the bounds. Views into both.
api::ResourcesView within(const api::ResourcesView& wanted, const ContainerBounds& bounds);

}  // namespace profiling::inject
