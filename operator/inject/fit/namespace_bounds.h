// The bounds that the LimitRanges of a namespace set, for each container and for a pod as a whole.
// The API server refuses a pod that what we add takes out of them. (An init container that copies an
// agent has the size of one of the pod's own containers, which complies already.)
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "operator/inject/fit/amounts.h"

namespace profiling::inject {

// A quantity or ratio and the LimitRange that sets it. Empty text: no bound.
struct Bound {
  std::string text;
  std::string from;

  bool set() const { return !text.empty(); }
};

// The bounds of one type for one resource.
struct Range {
  Bound min, max;
  Bound ratio;            // the greatest of limit to request
  bool defaults = false;  // a container that states nothing gets a default
};

struct NamespaceBounds {
  ByKind<Range> container, pod;

  bool any() const;
};

// The items of spec.limits of types Container and Pod; a text that is no quantity sets no bound.
NamespaceBounds boundsOf(const nlohmann::json& limit_range);
// Both apply: the greater minimum, the smaller maximum and ratio.
NamespaceBounds tighter(const NamespaceBounds& a, const NamespaceBounds& b);

// Brings the resources of a container within the bounds of type Container. Where they demand a
// limit or a ratio, it is set.
void bringWithin(AddedResources& resources, const NamespaceBounds& bounds);

}  // namespace profiling::inject
