#include "operator/api/v1alpha1/policy.h"

#include "operator/api/selector.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/api/v1alpha1/endpoint_url.h"
#include "operator/api/v1alpha1/languages.h"
#include "operator/api/v1alpha1/rollout_tables.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::api {
namespace {

// languages: ["Auto"] is an empty list here.
enum class LanguageOrAuto : std::uint8_t { kAuto };  // and each Language, one higher

struct PolicySpecFields : ProfilingPolicySpec {
  std::vector<LanguageOrAuto> language_names{LanguageOrAuto::kAuto};
};
template <class M>
constexpr Field<PolicySpecFields, M> own(const char* name, M ProfilingPolicySpec::*member,
                                         FieldRules rules = {}) {
  return {name, static_cast<M PolicySpecFields::*>(member), rules};
}
constexpr const char* kWorkloadKinds[] = {"Deployment", "StatefulSet", "DaemonSet",
                                          "Job",        "CronJob",     "Rollout"};

struct PolicyDocument {
  PolicySpecFields spec;
  ProfilingPolicyStatus status;
};

struct ClusterPolicySpecFields {
  PolicySpecFields policy;
  LabelSelector namespace_selector;
};
struct ClusterPolicyDocument {
  ClusterPolicySpecFields spec;
  ProfilingPolicyStatus status;
};

}  // namespace

template <>
struct EnumTable<LanguageOrAuto> {
  static constexpr auto names = [] {
    std::array<std::pair<LanguageOrAuto, const char*>, kLanguageCount + 1> out;
    out[0] = {LanguageOrAuto::kAuto, "Auto"};
    for (std::size_t i = 0; i < kLanguageCount; ++i) {
      out[i + 1] = {static_cast<LanguageOrAuto>(i + 1), kLanguages[i].name};
    }
    return out;
  }();
};
template <>
struct EnumTable<Activation> {
  static constexpr std::array<std::pair<Activation, const char*>, 2> names{
      {{Activation::kAnnotated, "Annotated"}, {Activation::kSelected, "Selected"}}};
};
template <>
struct EnumTable<PolicyMode> {
  static constexpr std::array<std::pair<PolicyMode, const char*>, 2> names{
      {{PolicyMode::kEnforce, "Enforce"}, {PolicyMode::kObserve, "Observe"}}};
};
template <>
struct EnumTable<SecretEnvFrom> {
  static constexpr std::array<std::pair<SecretEnvFrom, const char*>, 2> names{
      {{SecretEnvFrom::kAssume, "Assume"}, {SecretEnvFrom::kSkip, "Skip"}}};
};
template <>
struct EnumTable<PprofCollector> {
  static constexpr std::array<std::pair<PprofCollector, const char*>, 2> names{
      {{PprofCollector::kSidecar, "Sidecar"}, {PprofCollector::kAlloy, "Alloy"}}};
};
template <>
struct EnumTable<ServiceNameFrom> {
  static constexpr std::array<std::pair<ServiceNameFrom, const char*>, 4> names{
      {{ServiceNameFrom::kWorkload, "Workload"},
       {ServiceNameFrom::kLabel, "Label"},
       {ServiceNameFrom::kAnnotation, "Annotation"},
       {ServiceNameFrom::kFixed, "Fixed"}}};
};
template <>
struct Table<ServerRef> {
  static constexpr auto fields =
      std::make_tuple(field("name", &ServerRef::name, {.required = true}),
                      field("namespace", &ServerRef::namespace_));
};
template <>
struct Table<Endpoint> {
  static constexpr auto fields = std::make_tuple(field("url", &Endpoint::url, {.required = true}),
                                                 field("tenantID", &Endpoint::tenant_id));
};
template <>
struct Table<PolicyProfiles> {
  static constexpr auto fields =
      std::make_tuple(field("allocations", &PolicyProfiles::allocations, {.defaulted = true}),
                      field("inUseMemory", &PolicyProfiles::in_use_memory, {.defaulted = true}),
                      field("locks", &PolicyProfiles::locks, {.defaulted = true}),
                      field("goroutines", &PolicyProfiles::goroutines));
};
template <>
struct Table<PprofRule> {
  static constexpr auto fields =
      std::make_tuple(field("collector", &PprofRule::collector, {.defaulted = true}));
};
template <>
struct Table<Sampling> {
  static constexpr auto fields = std::make_tuple(
      field("cpuHz", &Sampling::cpu_hz, {.defaulted = true, .minimum = 10, .maximum = 500}),
      field("uploadInterval", &Sampling::upload_interval, {.defaulted = true}));
};
template <>
struct Table<ServiceNameRule> {
  static constexpr auto fields =
      std::make_tuple(field("from", &ServiceNameRule::from, {.defaulted = true}),
                      field("key", &ServiceNameRule::key), field("value", &ServiceNameRule::value));
};
template <>
struct Table<PolicySpecFields> {
  using S = PolicySpecFields;
  static constexpr auto fields = std::make_tuple(
      own("priority", &ProfilingPolicySpec::priority,
          {.defaulted = true, .minimum = -1000, .maximum = 1000}),
      own("activation", &ProfilingPolicySpec::activation, {.defaulted = true}),
      own("selector", &ProfilingPolicySpec::selector),
      own("workloadKinds", &ProfilingPolicySpec::workload_kinds, {.words = kWorkloadKinds}),
      own("serverRef", &ProfilingPolicySpec::server_ref),
      own("endpoint", &ProfilingPolicySpec::endpoint),
      field("languages", &S::language_names, {.defaulted = true}),
      own("profiles", &ProfilingPolicySpec::profiles, {.defaulted = true}),
      own("pprof", &ProfilingPolicySpec::pprof),
      own("sampling", &ProfilingPolicySpec::sampling, {.defaulted = true}),
      own("serviceName", &ProfilingPolicySpec::service_name, {.defaulted = true}),
      own("secretEnvFrom", &ProfilingPolicySpec::secret_env_from, {.defaulted = true}),
      own("tags", &ProfilingPolicySpec::tags),
      own("tagsFromPodLabels", &ProfilingPolicySpec::tags_from_pod_labels),
      own("mode", &ProfilingPolicySpec::mode, {.defaulted = true}),
      own("rollout", &ProfilingPolicySpec::rollout));
};
template <>
struct Table<ClusterPolicySpecFields> {
  using S = ClusterPolicySpecFields;
  static constexpr auto fields =
      std::make_tuple(field("", &S::policy), field("namespaceSelector", &S::namespace_selector));
};
template <>
struct Table<PolicyWorkloads> {
  static constexpr auto fields = std::make_tuple(field("matched", &PolicyWorkloads::matched),
                                                 field("profiled", &PolicyWorkloads::profiled));
};
template <>
struct Table<PolicyPods> {
  static constexpr auto fields = std::make_tuple(
      field("matched", &PolicyPods::matched), field("profiled", &PolicyPods::profiled),
      field("ready", &PolicyPods::ready), field("outdated", &PolicyPods::outdated),
      field("missed", &PolicyPods::missed), field("waiting", &PolicyPods::waiting),
      field("skipped", &PolicyPods::skipped), field("notOptedIn", &PolicyPods::not_opted_in));
};
template <>
struct Table<ShadowingPolicy> {
  static constexpr auto fields =
      std::make_tuple(field("kind", &ShadowingPolicy::kind, {.required = true}),
                      field("name", &ShadowingPolicy::name, {.required = true}),
                      field("workloads", &ShadowingPolicy::workloads, {.required = true}));
};
template <>
struct Table<ProfilingPolicyStatus> {
  static constexpr auto fields =
      std::make_tuple(field("observedGeneration", &ProfilingPolicyStatus::observed_generation),
                      field("phase", &ProfilingPolicyStatus::phase),
                      field("targetRevision", &ProfilingPolicyStatus::target_revision),
                      field("stableRevision", &ProfilingPolicyStatus::stable_revision),
                      field("workloads", &ProfilingPolicyStatus::workloads),
                      field("pods", &ProfilingPolicyStatus::pods),
                      field("skippedReasons", &ProfilingPolicyStatus::skipped_reasons),
                      field("shadowedBy", &ProfilingPolicyStatus::shadowed_by),
                      field("rollout", &ProfilingPolicyStatus::rollout),
                      field("conditions", &ProfilingPolicyStatus::conditions));
};
template <>
struct Table<PolicyDocument> {
  static constexpr auto fields =
      std::make_tuple(field("spec", &PolicyDocument::spec, {.required = true}),
                      field("status", &PolicyDocument::status));
};
template <>
struct Table<ClusterPolicyDocument> {
  static constexpr auto fields =
      std::make_tuple(field("spec", &ClusterPolicyDocument::spec, {.required = true}),
                      field("status", &ClusterPolicyDocument::status));
};

namespace {

// The rules that the schema has in CEL, so that a file read offline is judged alike.
Status validate(const ProfilingPolicySpec& spec, bool cluster) {
  const auto bad = [](std::string_view path, const std::string& what) {
    return Status(Code::kInvalidArgument, "at " + std::string(path) + ": " + what);
  };
  if (spec.server_ref.has_value() == spec.endpoint.has_value()) {
    return bad("/spec", "exactly one of 'serverRef' and 'endpoint' must be set");
  }
  if (spec.endpoint) {
    const std::string_view problem = endpointProblem(spec.endpoint->url);
    if (!problem.empty()) {
      return bad("/spec/endpoint/url", strCat("'", printable(spec.endpoint->url), "': ", problem));
    }
  }
  const auto interval = parseDuration(spec.sampling.upload_interval);
  if (!interval.ok()) return interval.status().annotated("at /spec/sampling/uploadInterval");
  if (*interval < std::chrono::seconds(5) || *interval > std::chrono::minutes(10)) {
    return bad("/spec/sampling/uploadInterval",
               "'" + printable(spec.sampling.upload_interval) + "' must be between '5s' and '10m'");
  }
  if (spec.rollout) {
    if (auto status = validate(*spec.rollout, cluster); !status.ok()) return status;
  }
  return validate(spec.selector, "/spec/selector");
}

// `spec` is the policy's part of `document`.
template <class Document>
Status read(const Json& object, Document& document, PolicySpecFields& spec, bool cluster) {
  Reader reader;
  reader.object(object, document, "");
  if (!reader.status().ok()) return reader.status();
  for (const LanguageOrAuto name : spec.language_names) {
    if (name == LanguageOrAuto::kAuto) {
      if (spec.language_names.size() == 1) break;
      return {Code::kInvalidArgument, "at /spec/languages: 'Auto' must stand alone"};
    }
    spec.languages.push_back(*languageFromName(enumName(name)));
  }
  return validate(spec, cluster);
}

PolicySpecFields fieldsOf(const ProfilingPolicySpec& spec) {
  PolicySpecFields fields;
  static_cast<ProfilingPolicySpec&>(fields) = spec;
  if (!spec.languages.empty()) fields.language_names.clear();
  for (const Language language : spec.languages) {
    fields.language_names.push_back(static_cast<LanguageOrAuto>(static_cast<int>(language) + 1));
  }
  return fields;
}

}  // namespace

std::string_view languageName(Language language) {
  return kLanguages.at(static_cast<std::size_t>(language)).name;
}
std::string_view languageToken(Language language) {
  return kLanguages.at(static_cast<std::size_t>(language)).token;
}

bool agentIsOptional(Language language) {
  return kLanguages.at(static_cast<std::size_t>(language)).optional_agent;
}

std::optional<Language> languageFromName(std::string_view name) {
  for (const auto& row : kLanguages) {
    if (row.name == name) return row.language;
  }
  return std::nullopt;
}

std::optional<Language> languageFromToken(std::string_view token) {
  if (token.empty()) return std::nullopt;
  for (const auto& row : kLanguages) {
    if (row.token == token || row.other_token == token) return row.language;
  }
  return std::nullopt;
}

Result<ProfilingPolicy> policyFromJson(const Json& object) {
  auto metadata = metaFromJson(object);
  if (!metadata.ok()) return metadata.status();
  PolicyDocument document;
  if (auto status = read(object, document, document.spec, false); !status.ok()) return status;
  return ProfilingPolicy{*std::move(metadata), std::move(document.spec),
                         std::move(document.status)};
}

Result<ClusterProfilingPolicy> clusterPolicyFromJson(const Json& object) {
  auto metadata = metaFromJson(object);
  if (!metadata.ok()) return metadata.status();
  ClusterPolicyDocument document;
  if (auto status = read(object, document, document.spec.policy, true); !status.ok()) return status;
  if (document.spec.policy.server_ref && document.spec.policy.server_ref->namespace_.empty()) {
    return Status(Code::kInvalidArgument,
                  "at /spec/serverRef: 'namespace' is required: a policy for the whole cluster has "
                  "no namespace of its own");
  }
  if (auto status = validate(document.spec.namespace_selector, "/spec/namespaceSelector");
      !status.ok()) {
    return status;
  }
  return ClusterProfilingPolicy{
      *std::move(metadata),
      {std::move(document.spec.policy), std::move(document.spec.namespace_selector)},
      std::move(document.status)};
}

Json toJson(const ProfilingPolicy& policy) {
  return wrap(ProfilingPolicy::kKind, policy.metadata, toJsonValue(fieldsOf(policy.spec)),
              toJson(policy.status));
}

Json toJson(const ClusterProfilingPolicy& policy) {
  const ClusterPolicySpecFields spec{fieldsOf(policy.spec), policy.spec.namespace_selector};
  return wrap(ClusterProfilingPolicy::kKind, policy.metadata, toJsonValue(spec),
              toJson(policy.status));
}

Json toJson(const ProfilingPolicyStatus& status) {
  return toJsonValue(status);
}

std::vector<FieldSchema> policySchema() {
  std::vector<FieldSchema> out;
  describeFields<PolicyDocument>("", out);
  return out;
}

std::vector<FieldSchema> clusterPolicySchema() {
  std::vector<FieldSchema> out;
  describeFields<ClusterPolicyDocument>("", out);
  return out;
}

}  // namespace profiling::api
