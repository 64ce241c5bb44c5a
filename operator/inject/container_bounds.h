// What the LimitRanges of a namespace demand of every container. A sidecar is a container of its
// own: one that asks for less than the least would have its pod refused. (The init containers that
// copy agents are as large as one of the pod's own containers, which was let pass already.)
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/api/k8s/pod_view.h"
#include "operator/base/status.h"

namespace profiling::inject {

// Quantities; empty: no bound.
struct ContainerBounds {
  std::string cpu_min, cpu_max, memory_min, memory_max;
  bool ratio = false;  // of limit to request: then they have to be alike

  bool any() const {
    return ratio || !cpu_min.empty() || !cpu_max.empty() || !memory_min.empty() ||
           !memory_max.empty();
  }
};

// The items of spec.limits of type Container; what is not a quantity bounds nothing.
ContainerBounds boundsOf(const nlohmann::json& limit_range);
// Both hold: the greater least, the smaller most.
ContainerBounds tighter(const ContainerBounds& a, const ContainerBounds& b);

// `wanted` within the bounds. Views into both.
api::ResourcesView within(const api::ResourcesView& wanted, const ContainerBounds& bounds);

}  // namespace profiling::inject
