// ProfilingServer: a Pyroscope storage server that the operator runs.
#pragma once

#include "operator/api/v1alpha1/common.h"

namespace profiling::api {

enum class ServerMode : std::uint8_t { kSingle };
enum class StorageType : std::uint8_t { kFilesystem, kS3 };
enum class AllowFrom : std::uint8_t { kSame, kAll, kSelector };

struct SecretRef {
  std::string name;
};
struct S3Credentials {
  SecretRef
      secret_ref;  // a Secret of the server's namespace: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
};

struct S3Storage {
  std::string endpoint;  // host or host:port, no scheme
  std::string region;
  std::string bucket;
  std::string prefix;
  bool insecure = false;
  bool path_style = false;
  std::optional<S3Credentials> credentials;  // absent: the server's own chain (workload identity)
};

struct ServerStorage {
  StorageType type = StorageType::kFilesystem;
  std::optional<S3Storage> s3;  // present exactly when type is S3
};

struct Persistence {
  std::string size = "10Gi";
  std::optional<std::string> storage_class_name;  // absent: the cluster's default class
};

struct Tenancy {
  bool enabled = false;
};

struct AllowedNamespaces {
  AllowFrom from = AllowFrom::kSame;
  LabelSelector selector;  // for Selector: of namespace labels
};

// Fragments of the pod template that pass through as written (the CRD bounds their shape).
// Held as JSON text so that this header needs no JSON library's internals.
struct PodSettings {
  std::string resources = "{}";
  std::string node_selector = "{}";
  std::string tolerations = "[]";
  std::string pod_annotations = "{}";
  std::string image_pull_secrets = "[]";
};

struct ProfilingServerSpec {
  ServerMode mode = ServerMode::kSingle;
  std::string image = "grafana/pyroscope:2.2.1";
  ServerStorage storage;
  Persistence persistence;
  std::string retention = "336h";
  Tenancy tenancy;
  PodSettings pod;
  AllowedNamespaces allowed_namespaces;
};

struct ProfilingServerStatus {
  std::int64_t observed_generation = 0;
  std::string url;  // http://NAME.NAMESPACE.svc:4040
  std::string config_hash;
  std::int64_t ready_replicas = 0;
  std::vector<Condition> conditions;  // ConfigValid, StorageConfigured, Ready
};

struct ProfilingServer {
  static constexpr std::string_view kKind = "ProfilingServer";
  static constexpr std::string_view kPlural = "profilingservers";
  ObjectMeta metadata;
  ProfilingServerSpec spec;
  ProfilingServerStatus status;
};

}  // namespace profiling::api
