// The nodes that a pod may start on, as far as the pod and the labels of the nodes say. An init
// container that is built for another platform, or that the node does not run, holds up its pod for
// ever. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/k8s/pod_view.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

// The platform of some nodes, by their labels kubernetes.io/os and kubernetes.io/arch.
struct NodeClass {
  std::string os, arch;
  bool operator==(const NodeClass&) const = default;
};
using NodeClasses = std::vector<NodeClass>;

// Not Linux, a virtual node, or a runtime class that runs no ordinary containers.
std::optional<Reason> placementProblem(const api::PodView& pod);

// The architectures of the Linux nodes that the pod may start on: those of `nodes` and those that
// the pod names, as far as its selectors let them in. Without nodes (null: not known) amd64 counts
// as there. Empty: none is known.
std::vector<std::string_view> architecturesOf(const api::PodView& pod, const NodeClasses* nodes);

}  // namespace profiling::inject
