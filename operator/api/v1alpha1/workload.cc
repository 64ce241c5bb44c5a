#include "operator/api/v1alpha1/workload.h"

#include <algorithm>
#include <cctype>

#include "operator/api/v1alpha1/codec.h"
#include "operator/api/v1alpha1/languages.h"
#include "operator/api/v1alpha1/rollout_tables.h"
#include "operator/base/encoding.h"

namespace profiling::api {
namespace {

constexpr std::size_t kMaxName = 253;  // RFC 1123 subdomain
constexpr std::size_t kHashDigits = 10;

struct WorkloadDocument {
  WorkloadProfileSpec spec;
  WorkloadProfileStatus status;
};

std::string controllerUid(const Json& object) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return {};
  const auto owners = metadata->find("ownerReferences");
  if (owners == metadata->end() || !owners->is_array()) return {};
  for (const Json& owner : *owners) {
    if (owner.is_object() && owner.value("controller", Json(false)) == Json(true)) {
      const auto uid = owner.find("uid");
      return uid != owner.end() && uid->is_string() ? uid->get<std::string>() : std::string();
    }
  }
  return {};
}

}  // namespace

template <>
struct Table<WorkloadRef> {
  static constexpr auto fields = std::make_tuple(
      field("apiVersion", &WorkloadRef::api_version), field("kind", &WorkloadRef::kind),
      field("name", &WorkloadRef::name), field("uid", &WorkloadRef::uid));
};
template <>
struct Table<PolicyRef> {
  static constexpr auto fields =
      std::make_tuple(field("kind", &PolicyRef::kind), field("name", &PolicyRef::name));
};
template <>
struct Table<WorkloadPods> {
  static constexpr auto fields = std::make_tuple(
      field("total", &WorkloadPods::total), field("profiled", &WorkloadPods::profiled),
      field("ready", &WorkloadPods::ready), field("outdated", &WorkloadPods::outdated),
      field("missed", &WorkloadPods::missed), field("waiting", &WorkloadPods::waiting),
      field("skipped", &WorkloadPods::skipped));
};
template <>
struct Table<DetectedLanguages> {
  static constexpr auto fields = std::make_tuple(
      field("container", &DetectedLanguages::container, {.required = true}),
      field("imageHash", &DetectedLanguages::image_hash, {.required = true}),
      field("languages", &DetectedLanguages::languages),
      field("silent", &DetectedLanguages::silent), field("crashed", &DetectedLanguages::crashed),
      field("imageVersion", &DetectedLanguages::image_version));
};
template <>
struct Table<ConfigMapNames> {
  static constexpr auto fields =
      std::make_tuple(field("name", &ConfigMapNames::config_map, {.required = true}),
                      field("names", &ConfigMapNames::names));
};
template <>
struct Table<Preflight> {
  static constexpr auto fields = std::make_tuple(
      field("templateHash", &Preflight::template_hash), field("revision", &Preflight::revision),
      field("reason", &Preflight::reason), field("languages", &Preflight::languages),
      field("configMaps", &Preflight::config_maps));
};
template <>
struct Table<WorkloadProfileStatus> {
  using S = WorkloadProfileStatus;
  static constexpr auto fields = std::make_tuple(
      field("observedGeneration", &S::observed_generation), field("phase", &S::phase),
      field("workloadRef", &S::workload_ref), field("policyRef", &S::policy_ref),
      field("mode", &S::mode), field("targetRevision", &S::target_revision),
      field("pods", &S::pods), field("languages", &S::languages), field("detected", &S::detected),
      field("skippedReasons", &S::skipped_reasons), field("preflight", &S::preflight),
      field("ownerUIDs", &S::owner_uids), field("rollout", &S::rollout),
      field("conditions", &S::conditions));
};
template <>
struct Table<WorkloadProfileSpec> {
  using S = WorkloadProfileSpec;
  static constexpr auto fields =
      std::make_tuple(field("paused", &S::paused, {.defaulted = true}),
                      field("skip", &S::skip, {.defaulted = true}), field("pin", &S::pin),
                      field("approve", &S::approve));
};
template <>
struct Table<WorkloadDocument> {
  static constexpr auto fields = std::make_tuple(field("spec", &WorkloadDocument::spec),
                                                 field("status", &WorkloadDocument::status));
};

std::string workloadProfileName(std::string_view kind, std::string_view name) {
  std::string out(kind);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  out.append(1, '-').append(name);
  if (out.size() <= kMaxName) return out;
  const std::string hash = hexSha256(out).substr(0, kHashDigits);
  out.resize(kMaxName - kHashDigits - 1);
  while (!out.empty() && (out.back() == '.' || out.back() == '-')) out.pop_back();
  return out.append(1, '-').append(hash);
}

Result<WorkloadProfile> workloadFromJson(const Json& object) {
  auto metadata = metaFromJson(object);
  if (!metadata.ok()) return metadata.status();
  WorkloadDocument document;
  Reader reader;
  reader.object(object, document, "");
  if (!reader.status().ok()) return reader.status();
  return WorkloadProfile{*std::move(metadata), controllerUid(object), std::move(document.spec),
                         std::move(document.status)};
}

Json toJson(const WorkloadProfileStatus& status) {
  return toJsonValue(status);
}

std::vector<FieldSchema> workloadSchema() {
  std::vector<FieldSchema> out;
  describeFields<WorkloadDocument>("", out);
  return out;
}

}  // namespace profiling::api
