// ProfilingPolicy: who in a namespace is profiled, how, and where the profiles go; and
// ClusterProfilingPolicy, which says so for many namespaces.
#pragma once

#include "operator/api/v1alpha1/common.h"

namespace profiling::api {

enum class Language : std::uint8_t { kJava, kPython, kNodeJS };
inline constexpr std::size_t kLanguageCount = 3;
std::string_view languageName(Language language);  // Java, Python, NodeJS: as in a policy
std::string_view languageToken(
    Language language);  // java, python, node: as in annotations and image names
std::optional<Language> languageFromName(std::string_view name);
std::optional<Language> languageFromToken(std::string_view token);  // also takes "nodejs"

enum class Activation : std::uint8_t { kAnnotated, kSelected };
enum class PolicyMode : std::uint8_t { kEnforce, kObserve };
enum class SecretEnvFrom : std::uint8_t { kAssume, kSkip };
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
  Sampling sampling;
  ServiceNameRule service_name;
  SecretEnvFrom secret_env_from = SecretEnvFrom::kAssume;
  std::map<std::string, std::string> tags;
  std::vector<std::string> tags_from_pod_labels;
  PolicyMode mode = PolicyMode::kEnforce;  // kObserve: decide and count, change no pod
};

struct ProfilingPolicyStatus {
  std::int64_t observed_generation = 0;
  std::string phase;            // Active, Observing, Degraded
  std::string target_revision;  // short hash
  std::int64_t profiled_pods = 0;
  std::vector<Condition> conditions;  // Ready, ServerAvailable
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
