// The decision: which pod gets which agents, and why not. Pure: no I/O, no clock, no threads, no
// logging. The same functions serve the webhook, tests and offline tools.
//
//   const Workload workload = workloadOf(pod);
//   const Decision d = decide(pod, workload, namespace_, policies, settings);
//   const Assigned assigned = …;                     // the revision that the rollout gives the pod
//   const PodReading reading(pod, workload, images, known);  // what the pod's own text says
//   const InjectionPlan plan = planInjection(d, assigned, reading, settings);
//   const std::string patch = renderPatch(plan, pod, settings);  // JSON Patch; empty: no change
//
// Under a policy of mode Observe the caller learns what would be decided, and nothing is planned:
// the pod stays as it is, to the byte, without a warning.
//
// A pod that was injected before (by an earlier pass, or because its template was exported from a
// running pod) is recognised part by part, by content: what is there is kept, what is missing is
// added. A second pass over our own output therefore plans nothing.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/effective.h"
#include "operator/api/k8s/pod_view.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/inject/fit/fitting.h"

namespace profiling::inject {

// Why a pod or container was or was not injected: one closed enum for annotation, metric, event and
// status. reasonName() gives the CamelCase word; remedyText() one sentence for people.
enum class Reason {
  kInjected,
  kAlreadyInjected,
  kNoPolicy,           // no policy of the namespace selects the pod
  kNotOptedIn,         // a policy matches but wants the annotation
  kOptedOut,           // inject: "false" on pod or namespace
  kUnknownPolicy,      // annotation names a policy that is not there
  kServerUnavailable,  // serverRef unresolved: missing, not granted, no URL yet
  kNamespaceExcluded,  // kube-system, the operator's own, by label or by configuration
  kUnknownNamespace,   // the webhook has not seen the namespace yet
  kCriticalPod,        // system-node-critical, system-cluster-critical
  kStaticPod,
  kUnsupportedOS,
  kUnsupportedArchitecture,
  kUnsupportedNode,  // a virtual node, or a runtime class of WebAssembly
  kNoTargetContainer,
  kUnknownContainer,
  kNoLanguage,            // no language that the policy allows applies
  kNothingToProfile,      // no agent can profile what the image runs, or none has sent anything
  kAwaitingLanguage,      // another pod finds out which language the image runs
  kGuessCrashed,          // a pod of this version of the image crashed with guessed agents
  kEnvValueFrom,          // a variable that must be extended comes from valueFrom
  kEnvFromConfigMap,      // a ConfigMap of envFrom holds a variable that must be extended
  kEnvFromSecret,         // secretEnvFrom: Skip
  kEnvFromSecretAssumed,  // injected, assuming the Secret holds none of our names
  kEmbeddedSDK,           // the container already carries PYROSCOPE_* of its own
  kConflictingAgent,
  kAwaitingRollout,        // the rollout has not reached the workload
  kOutsideShare,           // the step's share of the workload's pods is profiled already
  kRolledBack,             // the revision failed here, or was aborted
  kPodRefused,             // the API server refused pods of the same owner with an agent
  kAgentImageUnavailable,  // nodes cannot pull the agent's image
  kNameConflict,           // a volume, mount path or container of our name with other content
  kReadOnlyTemp,           // Java without a writable temp folder
  kUnsupportedRuntime,     // an implementation of the language that has no agent
  kUnsupportedVersion,     // a version of the runtime that an agent stops, or that has none
  kRuntimeOptions,         // the runtime does not start with an agent beside one of its options
  kOptionsTooLong,         // Java 8 would ignore JAVA_TOOL_OPTIONS as a whole
  kNoPprofPort,            // Go and Native: the port that serves pprof is not known
  kScrapedElsewhere,       // its annotations ask a Grafana Alloy to scrape it
  kNoNativeSidecar,        // one more container would keep the Job from ending
  kProfilingDisabled,      // the container switches its runtime's profiling off
  kLimitsTooSmall,         // the pod's limits are below what copying an agent needs
  kNoRoom,                 // the namespace or the pod has no room for what is added
  kPodTooLarge,            // more containers, env or annotations than we touch
  kMalformedPod,           // a field of a wrong type, which the API server will refuse
  kInvalidAnnotation,      // ignored, with a warning
  kInternalError,          // an error of our own: the pod is allowed, unchanged
};
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::kInternalError) + 1;
std::string_view reasonName(Reason reason);
std::string_view remedyText(Reason reason);
std::optional<Reason> reasonOf(std::string_view name);
// Whether the webhook leaves pods alone for a while because others of their kind had trouble.
inline bool isBreaker(Reason reason) {
  return reason == Reason::kPodRefused || reason == Reason::kAgentImageUnavailable;
}

// Administrator's configuration: never from a custom resource.
struct Settings {
  api::AgentImages agents;
  std::string image_pull_policy = "IfNotPresent";
  // Names of Secrets with credentials for the agent images, added to the imagePullSecrets of pods
  // that get one. A namespace without such a Secret pulls without it.
  std::vector<std::string> pull_secrets;
  std::string operator_namespace;
  std::string volume_size_limit = "320Mi";
  std::string temp_size_limit = "64Mi";
  // Whether every node starts init containers with restartPolicy Always: Kubernetes 1.29 and later.
  // Elsewhere such a container would never end, and its pod never start.
  bool native_sidecars = false;
  // Whether a language's agent image has an arm64 variant. An init container of the wrong
  // architecture cannot start and would hold up its pod, so a pod that may start on an arm64 node is
  // left alone without one.
  std::array<bool, api::kLanguageCount> arm64_images{};
  std::vector<std::string> excluded_namespaces{"kube-system", "kube-public", "kube-node-lease"};
  // Never default targets: proxies and collectors that others put beside the application.
  std::vector<std::string> sidecar_names{"istio-proxy",
                                         "linkerd-proxy",
                                         "vault-agent",
                                         "envoy-sidecar",
                                         "consul-dataplane",
                                         "kuma-sidecar",
                                         "daprd",
                                         "queue-proxy",
                                         "cloud-sql-proxy",
                                         "otc-container",
                                         "opentelemetry-auto-instrumentation",
                                         "fluent-bit",
                                         "filebeat",
                                         "kube-rbac-proxy",
                                         "oauth-proxy",
                                         "oauth2-proxy"};
};

// Namespaces whose pods are never touched: the system's and the operator's own.
bool isExcluded(std::string_view namespace_, const Settings& settings);

// Policies that may apply to the pods of one namespace, best first: priority, then the namespace's
// own before the cluster's, then older, then name.
using PolicyList = std::vector<std::shared_ptr<const api::EffectivePolicy>>;
void sortByPrecedence(PolicyList& policies);

struct Warning {
  std::string text;  // <= 240 bytes, user-controlled parts printable()
};

// The controller that made a pod, as far as the pod itself shows. Views into the pod.
struct Workload {
  std::string_view kind = "Pod";  // Deployment, StatefulSet, …; a bare pod is its own workload
  std::string_view name;          // may be empty for a bare pod
  std::string_view template_hash;
};
Workload workloadOf(const api::PodView& pod);

// The slice of a WorkloadProfile that a pod itself does not show.
struct KnownOfWorkload {
  std::vector<api::DetectedLanguages> detected;  // of containers whose command does not say
  std::vector<api::ConfigMapNames> config_maps;

  bool empty() const { return detected.empty() && config_maps.empty(); }
};
KnownOfWorkload knownOf(const api::WorkloadProfile& record);

// Which policy a pod falls under and whether that policy wants it profiled. Never changes once made.
struct Decision {
  // The policy that decides, also where it refuses. Null: no policy was found, or none was looked
  // for.
  std::shared_ptr<const api::EffectivePolicy> chosen = nullptr;
  Reason reason = Reason::kNoPolicy;  // kInjected: `chosen` wants the pod profiled
  bool opted_in = false;  // the pod itself asks for it: a refusal is written into its annotation
  std::vector<api::Language> annotated_languages = {};  // of inject: "java,python"; empty: none
  std::vector<Warning> warnings = {};
  std::string unknown_policy = {};  // the name in the annotation, where no policy has it

  // The policy whose agents the pod gets; null when it gets none.
  std::shared_ptr<const api::EffectivePolicy> wanted() const {
    return reason == Reason::kInjected ? chosen : nullptr;
  }
  std::string_view policyName() const {
    return chosen == nullptr ? std::string_view(unknown_policy) : chosen->policy.metadata.name;
  }
  bool byClusterPolicy() const { return chosen != nullptr && chosen->cluster; }
  api::PolicyMode mode() const {
    return chosen == nullptr ? api::PolicyMode::kEnforce : chosen->policy.spec.mode;
  }
};
// Whether a policy's selector and kinds let the pod in; precedence is another matter.
bool selects(const api::EffectivePolicy& policy, const api::PodView& pod, const Workload& workload);
bool isCritical(const api::PodView& pod);  // system-node-critical, system-cluster-critical
// Needs the pod's metadata, and of its spec the priority class.
Decision decide(const api::PodView& pod, const Workload& workload,
                const api::NamespaceView& namespace_, const PolicyList& policies,
                const Settings& settings);

// What the rollout gives a pod whose policy wants it profiled.
struct Assigned {
  // The policy at the revision that the pod gets; null: no agent, for `reason`.
  std::shared_ptr<const api::EffectivePolicy> policy;
  Reason reason = Reason::kInjected;
  std::string replica = {};  // the webhook process that let the pod in, where a share is counted
  // Whether the pod may be the one that finds out what its containers run, where nothing says so.
  bool finds_language = true;
};
// The decision as it stands, without a rollout.
inline Assigned assignedAsDecided(const Decision& decision) {
  return {decision.wanted(), decision.reason};
}

struct Refusal {
  Reason reason = Reason::kNoLanguage;
  std::string detail = {};  // the object and the numbers, where the reason has some
};
struct SkippedLanguage {
  api::Language language = api::Language::kJava;
  Reason reason = Reason::kNoLanguage;
  std::string detail = {};  // the object and the numbers, where the reason has some
};
struct ContainerDecision {
  std::string_view container;  // of the pod, or as the annotation names it
  std::vector<api::Language> languages;
  Reason reason = Reason::kInjected;  // kInjected, kEnvFromSecretAssumed, or why it was skipped
  std::vector<SkippedLanguage> skipped;
  // imageHash() and imageVersionHash() of the container, where arriving profiles may correct the
  // choice of the languages; empty: the choice is certain.
  std::string guess = {}, guessed_version = {};
  // Variables that the pod does not set and that our value, if the image sets them, replaces.
  std::vector<std::string_view> hidden = {};
  bool finds_language = false;  // nothing says which language it is: one pod at a time tries
  bool injected() const { return !languages.empty(); }
};

// Edits are positions in the pod's own arrays; nothing of the pod is repeated or re-serialised.
struct EnvEdit {
  enum class Kind { kAppend, kPrepend, kReplaceValue } kind = Kind::kAppend;
  std::string name;
  std::string value;       // or
  std::string field_path;  // valueFrom.fieldRef
  std::size_t index = 0;   // for kReplaceValue: which entry of the container's env
};
struct ContainerPlan {
  std::size_t index = 0;
  bool is_init = false;
  std::vector<EnvEdit> env;
  bool create_env = false;     // the container has no env array yet
  bool create_mounts = false;  // nor volumeMounts
  bool add_mount = false;
  bool add_temp_mount = false;  // writable temp folder for Java on a read-only root
};
struct InitContainerPlan {
  api::Language language = api::Language::kJava;
  std::string image;
  // As written on the first container that gets an agent; empty: not set. An init container of the
  // same size as an application container changes neither the pod's QoS class nor what the
  // scheduler asks for, and whatever LimitRange the namespace has let that size pass already. Only
  // ephemeral storage is more, by what the copies take.
  AddedResources resources;
  bool force_non_root_user = false;  // the pod's own runAsUser is 0, which runAsNonRoot refuses
};
struct SidecarPlan {
  api::Language language = api::Language::kGo;
  std::string image;
  bool native = true;  // an init container that stays; else a container like others
  std::vector<EnvEdit> env;
  AddedResources resources;
  bool force_non_root_user = false;
};
struct InjectionPlan {
  Reason reason = Reason::kNoPolicy;  // of the pod as a whole, also where it is only observed
  bool empty = true;                  // nothing to change
  std::vector<ContainerDecision> decisions;
  std::vector<ContainerPlan> containers;
  std::vector<InitContainerPlan> init_containers;
  std::size_t init_position = 0;  // where ours are inserted among initContainers
  std::optional<SidecarPlan> sidecar;
  // Our sidecar among the init containers, which gets back the restartPolicy that it lost.
  std::optional<std::size_t> repaired_sidecar;
  std::vector<std::pair<std::string, std::string>> annotations;  // for an Alloy of the cluster
  std::vector<std::string_view> pull_secrets;  // of the settings, that the pod does not name yet
  bool add_volume = false;
  bool add_temp_volume = false;
  std::string revision;               // label profiling.dev/profiled; empty: unchanged
  std::string decision_json;          // annotation profiling.dev/decision; empty: unchanged
  std::string safe_to_evict_volumes;  // cluster-autoscaler annotation's new value; empty: unchanged
  std::vector<Warning> warnings;
};
struct PodReading;
struct NodeClass;
// What surrounds the pod: its namespace's bounds and quotas, and the cluster's nodes. Anything that
// is not known is null.
struct Surroundings {
  NamespaceRoom room = {};
  std::shared_ptr<const std::vector<NodeClass>> nodes = nullptr;
};
InjectionPlan planInjection(const Decision& decision, const Assigned& assigned,
                            const PodReading& reading, const Settings& settings,
                            const Surroundings& around = {});

// The JSON Patch document; empty string when the plan is empty. Parents are created first, keys are
// escaped (~0, ~1), arrays are appended to or inserted into, never replaced.
std::string renderPatch(const InjectionPlan& plan, const api::PodView& pod,
                        const Settings& settings);

}  // namespace profiling::inject
