// Where a pod serves pprof.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "operator/inject/inject.h"
#include "operator/inject/targets.h"

namespace profiling::inject {

inline constexpr std::int64_t kDefaultPprofPort = 6060;  // of Go's own documentation

// The one container of a pod that is asked. Views into the pod.
struct PprofEndpoint {
  std::string_view container;
  std::int64_t port = 0;
  std::string_view path_prefix;  // in front of /debug/pprof
  bool told = false;             // by the pod: an annotation, or a port named pprof
};

// By an earlier pass, annotation, port named pprof, port 6060; and where the pod itself names such
// a language, 6060 without a word about it.
std::optional<PprofEndpoint> findPprof(const api::PodView& pod, const Targets& targets,
                                       const Decision& decision, std::vector<Warning>& warnings);

// Our sidecar of an earlier pass, native or not; null when there is none.
const api::ContainerView* ownSidecar(const api::PodView& pod);
// The container that it is for, as its tags tell; empty when it does not.
std::string_view containerOf(const api::ContainerView& sidecar);

}  // namespace profiling::inject
