#include "operator/base/vocabulary.h"
#include "operator/inject/inject.h"

namespace profiling::inject {
namespace {

constexpr Vocabulary<Reason, kReasonCount> kReasons{{{
    {Reason::kInjected, "Injected", "Nothing to do."},
    {Reason::kAlreadyInjected, "AlreadyInjected",
     "Nothing to do: the pod carries everything already."},
    {Reason::kNoPolicy, "NoPolicy",
     "Create a ProfilingPolicy in this namespace whose selector matches the pod."},
    {Reason::kNotOptedIn, "NotOptedIn",
     "Annotate the pod template or the namespace with profiling.dev/inject: \"true\"."},
    {Reason::kOptedOut, "OptedOut",
     "Remove profiling.dev/inject: \"false\" from the pod template and the namespace."},
    {Reason::kUnknownPolicy, "UnknownPolicy",
     "Name a ProfilingPolicy of this namespace in profiling.dev/policy."},
    {Reason::kServerUnavailable, "ServerUnavailable",
     "See the ServerAvailable condition of the policy."},
    {Reason::kNamespaceExcluded, "NamespaceExcluded",
     "Remove the label profiling.dev/exclude from the namespace; those of the system, of the "
     "operator and in the chart's webhook.excludedNamespaces are never profiled."},
    {Reason::kUnknownNamespace, "UnknownNamespace",
     "Restart the pod once the operator has seen the namespace."},
    {Reason::kCriticalPod, "CriticalPod",
     "Pods of system-critical priority classes are never profiled."},
    {Reason::kStaticPod, "StaticPod", "Static pods cannot be changed at admission."},
    {Reason::kUnsupportedOS, "UnsupportedOS", "Agents exist for Linux only."},
    {Reason::kUnsupportedArchitecture, "UnsupportedArchitecture",
     "Give the pod the nodeSelector kubernetes.io/arch: amd64. It may start on a node without "
     "an agent image."},
    {Reason::kUnsupportedNode, "UnsupportedNode",
     "Virtual nodes and WebAssembly runtime classes run no init container with an agent."},
    {Reason::kNoTargetContainer, "NoTargetContainer",
     "Name a container in profiling.dev/containers."},
    {Reason::kUnknownContainer, "UnknownContainer",
     "Name containers that the pod has in profiling.dev/containers."},
    {Reason::kNoLanguage, "NoLanguage",
     "Name a language that the policy allows and that has an agent image."},
    {Reason::kNothingToProfile, "NothingToProfile",
     "If the image runs a language that has an agent, name it in profiling.dev/inject on the pod "
     "template; if it does and sends nothing, check that its pods reach the server."},
    {Reason::kAwaitingLanguage, "AwaitingLanguage",
     "Wait until another pod of this image has shown what it runs, or name the language in "
     "profiling.dev/inject on the pod template or in the policy."},
    {Reason::kGuessCrashed, "GuessCrashed",
     "Name the language in profiling.dev/inject on the pod template, and the image's own variables "
     "in profiling.dev/image-env."},
    {Reason::kEnvValueFrom, "EnvValueFrom",
     "Set the variable by value: a variable from valueFrom cannot be extended."},
    {Reason::kEnvFromConfigMap, "EnvFromConfigMap",
     "Set the variable by value in the pod: the one in the ConfigMap of its envFrom cannot be "
     "extended."},
    {Reason::kEnvFromSecret, "EnvFromSecret",
     "Set secretEnvFrom: Assume in the policy, or set the variable by value."},
    {Reason::kEnvFromSecretAssumed, "EnvFromSecretAssumed",
     "Set the variable by value if a source of envFrom holds it."},
    {Reason::kEmbeddedSDK, "EmbeddedSDK",
     "The container has its own Pyroscope settings; remove them to be profiled."},
    {Reason::kConflictingAgent, "ConflictingAgent", "Switch the other profiler off."},
    {Reason::kAwaitingRollout, "AwaitingRollout",
     "Wait until the policy's rollout reaches this workload, or promote it."},
    {Reason::kOutsideShare, "OutsideShare",
     "Wait for the next step of the rollout; until then this pod serves for comparison."},
    {Reason::kRolledBack, "RolledBack",
     "See the verdict in the workload's record; retry when the cause is fixed."},
    {Reason::kPodRefused, "PodRefused",
     "See the FailedCreate events of the pod's owner: a quota, limit range or admission policy "
     "refuses the agent."},
    {Reason::kAgentImageUnavailable, "AgentImageUnavailable",
     "Make the agent's image reachable from the nodes; see the events of pods that wait for it."},
    {Reason::kNameConflict, "NameConflict",
     "Rename the volume, container or mount path that uses the name profiling-agent."},
    {Reason::kReadOnlyTemp, "ReadOnlyTemp", "Mount a writable emptyDir at /tmp."},
    {Reason::kUnsupportedRuntime, "UnsupportedRuntime",
     "The image is named like a GraalVM native image, OpenJ9 or Azul Zing; if it is none, name the "
     "language in profiling.dev/inject on the pod template."},
    {Reason::kUnsupportedVersion, "UnsupportedVersion",
     "The image or command names a version without an agent; if it is another one, name the "
     "language "
     "in profiling.dev/inject on the pod template."},
    {Reason::kRuntimeOptions, "RuntimeOptions",
     "Remove the option that forbids agents: -XX:AOTMode=on, or Node's --permission or "
     "--experimental-policy."},
    {Reason::kOptionsTooLong, "OptionsTooLong",
     "Shorten JAVA_TOOL_OPTIONS: Java 8 ignores more than 1023 bytes."},
    {Reason::kNoPprofPort, "NoPprofPort",
     "Set profiling.dev/pprof-port to the port that serves /debug/pprof, or name a container's "
     "port pprof."},
    {Reason::kScrapedElsewhere, "ScrapedElsewhere",
     "Remove the profiles.grafana.com annotations if no Grafana Alloy scrapes the pod."},
    {Reason::kNoNativeSidecar, "NoNativeSidecar",
     "Pods that run to completion take a sidecar only where every node runs Kubernetes 1.29 or "
     "later."},
    {Reason::kProfilingDisabled, "ProfilingDisabled",
     "Remove the setting that switches profiling off: DOTNET_EnableDiagnostics=0, "
     "CORECLR_ENABLE_PROFILING=0 or DD_PROFILING_ENABLED=false."},
    {Reason::kLimitsTooSmall, "LimitsTooSmall",
     "Raise the limits of the container, or of the pod, to at least 50m CPU and 100Mi memory."},
    {Reason::kNoRoom, "NoRoom",
     "Make room for the addition in the LimitRange, ResourceQuota or spec.resources that is "
     "named."},
    {Reason::kPodTooLarge, "PodTooLarge",
     "Pods with more than 300 containers, 1000 variables in a container or 256 KiB of "
     "annotations are left alone."},
    {Reason::kMalformedPod, "MalformedPod",
     "A field has a wrong type; the API server's own message names it."},
    {Reason::kInvalidAnnotation, "InvalidAnnotation", "Correct the value of the annotation."},
    {Reason::kInternalError, "InternalError", "See the webhook's log."},
}}};
static_assert(kReasons.inOrder());

}  // namespace

std::string_view reasonName(Reason reason) {
  return kReasons.name(reason);
}

std::string_view remedyText(Reason reason) {
  return kReasons.remedy(reason);
}

std::optional<Reason> reasonOf(std::string_view name) {
  return kReasons.find(name);
}

}  // namespace profiling::inject
