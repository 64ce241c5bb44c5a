#include "operator/api/v1alpha1/server.h"

#include "operator/api/selector.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/api/v1alpha1/tables.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::api {
namespace {

struct ServerDocument {
  ProfilingServerSpec spec;
  ProfilingServerStatus status;
};

}  // namespace

template <>
struct EnumTable<ServerMode> {
  static constexpr std::array<std::pair<ServerMode, const char*>, 1> names{
      {{ServerMode::kSingle, "Single"}}};
};
template <>
struct EnumTable<StorageType> {
  static constexpr std::array<std::pair<StorageType, const char*>, 2> names{
      {{StorageType::kFilesystem, "Filesystem"}, {StorageType::kS3, "S3"}}};
};
template <>
struct EnumTable<AllowFrom> {
  static constexpr std::array<std::pair<AllowFrom, const char*>, 3> names{
      {{AllowFrom::kSame, "Same"}, {AllowFrom::kAll, "All"}, {AllowFrom::kSelector, "Selector"}}};
};
template <>
struct Table<SecretRef> {
  static constexpr auto fields =
      std::make_tuple(field("name", &SecretRef::name, {.required = true}));
};
template <>
struct Table<S3Credentials> {
  static constexpr auto fields =
      std::make_tuple(field("secretRef", &S3Credentials::secret_ref, {.required = true}));
};
template <>
struct Table<S3Storage> {
  static constexpr auto fields = std::make_tuple(
      field("endpoint", &S3Storage::endpoint, {.required = true}),
      field("region", &S3Storage::region), field("bucket", &S3Storage::bucket, {.required = true}),
      field("prefix", &S3Storage::prefix),
      field("insecure", &S3Storage::insecure, {.defaulted = true}),
      field("pathStyle", &S3Storage::path_style, {.defaulted = true}),
      field("credentials", &S3Storage::credentials));
};
template <>
struct Table<ServerStorage> {
  static constexpr auto fields = std::make_tuple(
      field("type", &ServerStorage::type, {.defaulted = true}), field("s3", &ServerStorage::s3));
};
template <>
struct Table<Persistence> {
  static constexpr auto fields =
      std::make_tuple(field("size", &Persistence::size, {.defaulted = true}),
                      field("storageClassName", &Persistence::storage_class_name));
};
template <>
struct Table<Tenancy> {
  static constexpr auto fields =
      std::make_tuple(field("enabled", &Tenancy::enabled, {.defaulted = true}));
};
template <>
struct Table<PodSettings> {
  static constexpr auto fields = std::make_tuple(
      field("resources", &PodSettings::resources, {.raw = Raw::kObject}),
      field("nodeSelector", &PodSettings::node_selector, {.raw = Raw::kObject}),
      field("tolerations", &PodSettings::tolerations, {.raw = Raw::kArray}),
      field("podAnnotations", &PodSettings::pod_annotations, {.raw = Raw::kObject}),
      field("imagePullSecrets", &PodSettings::image_pull_secrets, {.raw = Raw::kArray}));
};
template <>
struct Table<AllowedNamespaces> {
  static constexpr auto fields =
      std::make_tuple(field("from", &AllowedNamespaces::from, {.defaulted = true}),
                      field("selector", &AllowedNamespaces::selector));
};
template <>
struct Table<ProfilingServerSpec> {
  using S = ProfilingServerSpec;
  static constexpr auto fields = std::make_tuple(
      field("mode", &S::mode, {.defaulted = true}), field("image", &S::image, {.defaulted = true}),
      field("storage", &S::storage, {.defaulted = true}),
      field("persistence", &S::persistence, {.defaulted = true}),
      field("retention", &S::retention, {.defaulted = true}),
      field("tenancy", &S::tenancy, {.defaulted = true}), field("", &S::pod),
      field("allowedNamespaces", &S::allowed_namespaces, {.defaulted = true}));
};
template <>
struct Table<ProfilingServerStatus> {
  using S = ProfilingServerStatus;
  static constexpr auto fields = std::make_tuple(
      field("observedGeneration", &S::observed_generation), field("url", &S::url),
      field("configHash", &S::config_hash), field("readyReplicas", &S::ready_replicas),
      field("conditions", &S::conditions));
};
template <>
struct Table<ServerDocument> {
  static constexpr auto fields =
      std::make_tuple(field("spec", &ServerDocument::spec, {.required = true}),
                      field("status", &ServerDocument::status));
};

namespace {

Status validate(const ProfilingServerSpec& spec) {
  const auto bad = [](std::string_view path, const std::string& what) {
    return Status(Code::kInvalidArgument, "at " + std::string(path) + ": " + what);
  };
  if ((spec.storage.type == StorageType::kS3) != spec.storage.s3.has_value()) {
    return bad("/spec/storage", "'s3' must be set when 'type' is 'S3', and only then");
  }
  if (spec.storage.s3 && spec.storage.s3->endpoint.find('/') != std::string::npos) {
    return bad("/spec/storage/s3/endpoint",
               "'" + printable(spec.storage.s3->endpoint) +
                   "' must be a host or host:port, without scheme or path");
  }
  if (spec.retention != "0") {
    const auto retention = parseDuration(spec.retention);
    if (!retention.ok()) return retention.status().annotated("at /spec/retention");
    if (*retention < std::chrono::hours(1)) {
      return bad("/spec/retention",
                 "'" + printable(spec.retention) + "' must be '0' (for ever) or at least '1h'");
    }
  }
  return validate(spec.allowed_namespaces.selector, "/spec/allowedNamespaces/selector");
}

}  // namespace

Result<ProfilingServer> serverFromJson(const Json& object) {
  auto metadata = metaFromJson(object);
  if (!metadata.ok()) return metadata.status();
  ServerDocument document;
  Reader reader;
  reader.object(object, document, "");
  if (!reader.status().ok()) return reader.status();
  if (auto status = validate(document.spec); !status.ok()) return status;
  return ProfilingServer{*std::move(metadata), std::move(document.spec),
                         std::move(document.status)};
}

Json toJson(const ProfilingServer& server) {
  return wrap(ProfilingServer::kKind, server.metadata, toJsonValue(server.spec),
              toJson(server.status));
}

Json toJson(const ProfilingServerStatus& status) {
  return toJsonValue(status);
}

std::vector<FieldSchema> serverSchema() {
  std::vector<FieldSchema> out;
  describeFields<ServerDocument>("", out);
  return out;
}

}  // namespace profiling::api
