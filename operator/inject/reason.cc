#include "operator/inject/inject.h"

namespace profiling::inject {
namespace {

struct Row {
  std::string_view name;
  std::string_view remedy;
};

// In the order of the enum.
constexpr std::array<Row, kReasonCount> kRows = {{
    {"Injected", "Nothing to do."},
    {"AlreadyInjected", "Nothing to do: the pod carries everything already."},
    {"NoPolicy", "Create a ProfilingPolicy in this namespace whose selector matches the pod."},
    {"NotOptedIn",
     "Annotate the pod template or the namespace with profiling.dev/inject: \"true\"."},
    {"OptedOut", "Remove profiling.dev/inject: \"false\" from the pod template and the namespace."},
    {"UnknownPolicy", "Name a ProfilingPolicy of this namespace in profiling.dev/policy."},
    {"ServerUnavailable", "See the ServerAvailable condition of the policy."},
    {"NamespaceExcluded", "System namespaces are never profiled."},
    {"UnknownNamespace", "Restart the pod once the operator has seen the namespace."},
    {"CriticalPod", "Pods of system-critical priority classes are never profiled."},
    {"StaticPod", "Static pods cannot be changed at admission."},
    {"UnsupportedOS", "Agents exist for Linux only."},
    {"UnsupportedArchitecture", "No agent image for the architecture that the pod asks for."},
    {"NoTargetContainer", "Name a container in profiling.dev/containers."},
    {"UnknownContainer", "Name containers that the pod has in profiling.dev/containers."},
    {"NoLanguage", "Name a language that the policy allows and that has an agent image."},
    {"EnvValueFrom",
     "Set the variable by value: one that comes from valueFrom cannot be extended."},
    {"EnvFromConfigMap",
     "Set the variable by value in the pod: the one in the ConfigMap of its envFrom cannot be "
     "extended."},
    {"EnvFromSecret", "Set secretEnvFrom: Assume in the policy, or set the variable by value."},
    {"EnvFromSecretAssumed", "Set the variable by value if a source of envFrom holds it."},
    {"EmbeddedSDK", "The container has its own Pyroscope settings; remove them to be profiled."},
    {"ConflictingAgent", "Switch the other profiler off."},
    {"AwaitingRollout", "Wait for the policy's rollout to come to this workload, or promote it."},
    {"OutsideShare", "Wait for the next step of the rollout: this pod is one to compare with."},
    {"RolledBack", "See the verdict in the workload's record; retry when the cause is mended."},
    {"NameConflict", "Rename what uses profiling-agent as volume, container or mount path."},
    {"ReadOnlyTemp", "Mount a writable emptyDir at /tmp."},
    {"NoExecTemp",
     "Let java.io.tmpdir name a folder that can hold programs, an emptyDir for example."},
    {"UnsupportedRuntime",
     "The image is named like a GraalVM native image or OpenJ9; if it is neither, name the "
     "language "
     "in profiling.dev/inject on the pod template."},
    {"NoPprofPort",
     "Say in profiling.dev/pprof-port where /debug/pprof is served, or name a container's port "
     "pprof."},
    {"ScrapedElsewhere",
     "Remove the profiles.grafana.com annotations if no Grafana Alloy scrapes the pod."},
    {"NoNativeSidecar",
     "Pods that end take a sidecar only where Kubernetes is 1.29 or later on every node."},
    {"ProfilingDisabled",
     "Remove what tells the runtime to load no profiler: DOTNET_EnableDiagnostics=0, "
     "CORECLR_ENABLE_PROFILING=0 or DD_PROFILING_ENABLED=false."},
    {"LimitsTooSmall", "Raise the container's limits to at least 50m CPU and 100Mi memory."},
    {"PodTooLarge",
     "Pods of over 300 containers, 1000 variables or 256 KiB annotations are left alone."},
    {"MalformedPod", "A field has a wrong type; the API server's own message names it."},
    {"InvalidAnnotation", "Correct the value of the annotation."},
    {"InternalError", "See the webhook's log."},
}};

}  // namespace

std::string_view reasonName(Reason reason) {
  return kRows.at(static_cast<std::size_t>(reason)).name;
}

std::string_view remedyText(Reason reason) {
  return kRows.at(static_cast<std::size_t>(reason)).remedy;
}

std::optional<Reason> reasonOf(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows.at(i).name == name) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

}  // namespace profiling::inject
