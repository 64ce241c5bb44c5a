// Where a pod serves pprof.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "operator/inject/pod_reading.h"

namespace profiling::inject {

inline constexpr std::int64_t kDefaultPprofPort = 6060;  // of Go's own documentation

// The one container of a pod that is scraped. Views into the pod.
struct PprofEndpoint {
  std::string_view container;
  std::int64_t port = 0;
  std::string_view path_prefix;  // in front of /debug/pprof
  bool stated = false;           // by the pod: an annotation, or a port named pprof
};

// The ladder: an earlier pass, annotation, a port named pprof, port 6060; and where the pod itself
// names a language that is scraped, 6060 without a declared port.
std::optional<PprofEndpoint> findPprof(const PodReading& pod,
                                       const std::vector<const ContainerReading*>& targets,
                                       const Decision& decision, std::vector<Warning>& warnings);

}  // namespace profiling::inject
