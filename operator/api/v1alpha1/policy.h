// ProfilingPolicy: which pods of a namespace are profiled, how, and where the profiles go; and
// ClusterProfilingPolicy, which does the same for many namespaces.
#pragma once

#include "operator/api/v1alpha1/common.h"
#include "operator/api/v1alpha1/rollout.h"

namespace profiling::api {

// Native: Rust, C++ and any other language that serves pprof.
enum class Language : std::uint8_t { kJava, kPython, kNodeJS, kDotNet, kRuby, kGo, kNative };
inline constexpr std::size_t kLanguageCount = 7;
// Java, Python, NodeJS, …: as in a policy.
std::string_view languageName(Language language);
// java, python, node, …: as in annotations and image names.
std::string_view languageToken(Language language);
// Whether the operator runs without that agent's image: the language is never guessed, so a pod or
// policy must name it or hint at it.
bool agentIsOptional(Language language);
std::optional<Language> languageFromName(std::string_view name);
// Also takes "nodejs" and "rust".
std::optional<Language> languageFromToken(std::string_view token);

enum class Activation : std::uint8_t { kAnnotated, kSelected };
enum class PolicyMode : std::uint8_t { kEnforce, kObserve };
enum class SecretEnvFrom : std::uint8_t { kAssume, kSkip };
// What scrapes a process that serves pprof: an injected sidecar, or a Grafana Alloy of the cluster,
// which finds the pod by its profiles.grafana.com annotations.
enum class PprofCollector : std::uint8_t { kSidecar, kAlloy };
enum class ServiceNameFrom : std::uint8_t { kWorkload, kLabel, kAnnotation, kFixed };

struct ServerRef {
  std::string name;
  std::string namespace_;  // empty: the policy's own
};

struct Endpoint {
  std::string url;
  std::string tenant_id;
};

struct PolicyProfiles {
  bool allocations = false;
  bool in_use_memory = false;
  bool locks = false;
  std::optional<bool> goroutines;  // off unless true; absent, a policy keeps its revision
};

struct PprofRule {
  PprofCollector collector = PprofCollector::kSidecar;
};

struct Sampling {
  std::int64_t cpu_hz = 100;            // 10..500
  std::string upload_interval = "15s";  // 5s..10m
};

struct ServiceNameRule {
  ServiceNameFrom from = ServiceNameFrom::kWorkload;
  std::string key;    // of the label or annotation
  std::string value;  // for Fixed
};

struct ProfilingPolicySpec {
  std::int64_t priority = 0;
  Activation activation = Activation::kAnnotated;
  LabelSelector selector;
  std::vector<std::string> workload_kinds;  // empty: every kind, bare pods included
  std::optional<ServerRef> server_ref;      // exactly one of server_ref and endpoint
  std::optional<Endpoint> endpoint;
  std::vector<Language> languages;  // empty: Auto
  PolicyProfiles profiles;
  std::optional<PprofRule> pprof;
  Sampling sampling;
  ServiceNameRule service_name;
  SecretEnvFrom secret_env_from = SecretEnvFrom::kAssume;
  std::map<std::string, std::string> tags;
  std::vector<std::string> tags_from_pod_labels;
  PolicyMode mode = PolicyMode::kEnforce;  // kObserve: decide and count, change no pod
  std::optional<RolloutSpec> rollout;      // absent: new pods at once, running pods unchanged
};

// Counts of the workloads with pods that the policy decides about.
struct PolicyWorkloads {
  std::int64_t matched = 0;
  std::int64_t profiled = 0;  // every matched pod carries the target revision
};

// Pods that are neither finished nor being deleted. Every matched one is in exactly one of
// profiled, missed, waiting and skipped.
struct PolicyPods {
  std::int64_t matched = 0;
  std::int64_t profiled = 0;      // carry an agent of any revision
  std::int64_t ready = 0;         // of those, pass their readiness probes
  std::int64_t outdated = 0;      // of those, carry a revision other than the target
  std::int64_t missed = 0;        // would get an agent if they started now
  std::int64_t waiting = 0;       // will get one when the rollout reaches them
  std::int64_t skipped = 0;       // get none, for one of the skipped reasons
  std::int64_t not_opted_in = 0;  // not matched: the policy waits for their annotation
};

struct SkippedReason {
  std::string reason;  // of the closed enum of the decision annotation
  std::int64_t pods = 0;
};
inline constexpr std::size_t kMaxSkippedReasons = 10;

// Another policy that takes precedence for workloads that this one selects as well.
struct ShadowingPolicy {
  std::string kind;
  std::string name;
  std::int64_t workloads = 0;
};
inline constexpr std::size_t kMaxShadowingPolicies = 10;

struct ProfilingPolicyStatus {
  std::int64_t observed_generation = 0;
  // Active, Observing, Degraded; Progressing, Paused, AwaitingApproval, Halted, RollingBack.
  std::string phase;
  std::string target_revision;  // short hash
  std::string stable_revision;  // the last revision that was rolled out everywhere
  PolicyWorkloads workloads;
  PolicyPods pods;
  std::vector<SkippedReason> skipped_reasons;  // the most frequent kMaxSkippedReasons
  std::vector<ShadowingPolicy> shadowed_by;    // those of the most workloads
  std::optional<PolicyRollout> rollout;
  std::vector<Condition> conditions;  // Ready, ServerAvailable, Progressing, Paused, Healthy
};

struct ProfilingPolicy {
  static constexpr std::string_view kKind = "ProfilingPolicy";
  static constexpr std::string_view kPlural = "profilingpolicies";
  ObjectMeta metadata;
  ProfilingPolicySpec spec;
  ProfilingPolicyStatus status;
};

struct ClusterProfilingPolicySpec : ProfilingPolicySpec {  // server_ref names its namespace
  LabelSelector namespace_selector;                        // empty: every namespace
};

struct ClusterProfilingPolicy {
  static constexpr std::string_view kKind = "ClusterProfilingPolicy";
  static constexpr std::string_view kPlural = "clusterprofilingpolicies";
  ObjectMeta metadata;  // cluster-scoped: no namespace
  ClusterProfilingPolicySpec spec;
  ProfilingPolicyStatus status;
};

}  // namespace profiling::api
