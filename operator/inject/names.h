// Names that the webhook writes into pods and that agents, init containers and tests rely on.
#pragma once

#include <string>
#include <string_view>

#include "operator/api/v1alpha1/policy.h"
#include "operator/base/str_cat.h"

namespace profiling::inject {

inline constexpr std::string_view kVolumeName = "profiling-agent";
inline constexpr std::string_view kMountPath = "/profiling-agent";
inline constexpr std::string_view kTempVolumeName = "profiling-agent-tmp";
inline constexpr std::string_view kTempMountPath = "/profiling-agent-tmp";
inline constexpr std::string_view kTempOption = "-Djava.io.tmpdir=/profiling-agent-tmp";
inline constexpr std::string_view kInitContainerPrefix = "profiling-agent-";  // + language token

// Names our init container, and our sidecar, of that language.
inline std::string initContainerName(api::Language language) {
  return strCat(kInitContainerPrefix, api::languageToken(language));
}

inline constexpr std::string_view kPodNameEnv = "PROFILING_POD_NAME";
inline constexpr std::string_view kNodeNameEnv = "PROFILING_NODE_NAME";
inline constexpr std::string_view kApplicationNameEnv = "PYROSCOPE_APPLICATION_NAME";
inline constexpr std::string_view kServerAddressEnv = "PYROSCOPE_SERVER_ADDRESS";
inline constexpr std::string_view kLabelsEnv = "PYROSCOPE_LABELS";
inline constexpr std::string_view kPprofPortEnv = "PROFILING_PPROF_PORT";
inline constexpr std::string_view kPprofPathPrefixEnv = "PROFILING_PPROF_PATH_PREFIX";
inline constexpr std::string_view kTenantEnv = "PYROSCOPE_TENANT_ID";

// Volumes that the cluster autoscaler may lose when it drains a node; an emptyDir that is not
// listed keeps the node from being scaled down.
inline constexpr std::string_view kSafeToEvictKey =
    "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes";

// Asks a Grafana Alloy of the cluster for CPU profiles.
inline constexpr std::string_view kAlloyCpuKey = "profiles.grafana.com/cpu.scrape";

// Bounds above which a pod is left alone; Kubernetes refuses annotations of more than 256 KiB.
inline constexpr std::size_t kMaxContainers = 300;
inline constexpr std::size_t kMaxEnv = 1000;  // of one container
inline constexpr std::size_t kMaxAnnotationBytes = 256 * 1024;
inline constexpr std::size_t kMaxDecisionBytes = 2 * 1024;
inline constexpr std::size_t kMaxTagNames = 30;

}  // namespace profiling::inject
