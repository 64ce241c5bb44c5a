#include "controllers/specs/pyroscope_config.h"

#include <algorithm>

#include <yaml-cpp/yaml.h>

#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::specs {
namespace {

// StatefulSet pods carry the label controller-revision-hash = NAME-HASH (10 digits), at most 63.
constexpr std::size_t kLongestName = 52;

// Frames that the server keeps. By default 1 000, while async-profiler sends 2 048; what is deeper
// loses its innermost frames, and the time of a function stands at one of its callers.
constexpr std::int64_t kDeepestStack = 2'048;

Status invalid(std::string_view field, std::string_view value, std::string_view must) {
  return {Code::kInvalidArgument,
          std::string(field) + ": '" + printable(value) + "' must " + std::string(must)};
}

bool isDnsLabel(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.empty() || !lower(name.front()) || name.back() == '-') return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return lower(c) || digit(c) || c == '-'; });
}

// The server's own check (pkg/objstore/client/config.go), including its quirk about digits.
bool isPrefix(std::string_view prefix) {
  if (prefix.empty()) return true;
  if (prefix.back() == '/') prefix.remove_suffix(1);
  for (const std::string_view part : split(prefix, '/')) {
    if (part.empty() || part == "." || part == ".." || (part[0] >= '0' && part[0] <= '9')) {
      return false;
    }
    for (const char c : part) {
      const bool known = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      if (!known) return false;
    }
  }
  return true;
}

// The server requires units from large to small; the CRD allows any order.
std::string retentionText(std::string_view retention) {
  if (retention == "0") return "0s";
  const auto parsed = parseDuration(retention);
  if (!parsed.ok()) return std::string(retention);
  const auto seconds = parsed->count() / 1000;
  std::string text;
  const auto part = [&](long long amount, char unit) {
    if (amount > 0) text += std::to_string(amount) + unit;
  };
  part(seconds / 3600, 'h');
  part(seconds / 60 % 60, 'm');
  part(seconds % 60, 's');
  return text.empty() ? "0s" : text;
}

void entry(YAML::Emitter& out, const char* key, const std::string& text) {
  out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << text;
}
void entry(YAML::Emitter& out, const char* key, std::int64_t value) {
  out << YAML::Key << key << YAML::Value << value;
}
void entry(YAML::Emitter& out, const char* key, bool value) {
  out << YAML::Key << key << YAML::Value << value;
}
void open(YAML::Emitter& out, const char* key) {
  out << YAML::Key << key << YAML::Value << YAML::BeginMap;
}

void emitStorage(YAML::Emitter& out, const api::ServerStorage& storage) {
  open(out, "storage");
  if (storage.type == api::StorageType::kS3 && storage.s3) {
    const api::S3Storage& s3 = *storage.s3;
    entry(out, "backend", std::string("s3"));
    if (!s3.prefix.empty()) entry(out, "prefix", s3.prefix);
    open(out, "s3");
    entry(out, "endpoint", s3.endpoint);
    if (!s3.region.empty()) entry(out, "region", s3.region);
    entry(out, "bucket_name", s3.bucket);
    entry(out, "bucket_lookup_type", std::string(s3.path_style ? "path-style" : "auto"));
    entry(out, "insecure", s3.insecure);
    out << YAML::EndMap;
  } else {
    entry(out, "backend", std::string("filesystem"));
    open(out, "filesystem");
    entry(out, "dir", std::string(kDataPath) + "/shared");
    out << YAML::EndMap;
  }
  out << YAML::EndMap;
}

}  // namespace

Status checkServer(const api::ProfilingServer& server) {
  const std::string& name = server.metadata.name;
  if (!isDnsLabel(name) || name.size() > kLongestName) {
    return invalid("metadata.name", name,
                   "begin with a letter, hold only a-z, 0-9 and '-', and be at most 52 characters "
                   "long: the Service and the StatefulSet are named after it");
  }
  const api::ServerStorage& storage = server.spec.storage;
  if (storage.type == api::StorageType::kS3) {
    if (!storage.s3) return {Code::kInvalidArgument, "spec.storage.s3 must be set for type 'S3'"};
    const api::S3Storage& s3 = *storage.s3;
    if (s3.endpoint.empty() || s3.endpoint.find_first_of("/ ") != std::string::npos) {
      return invalid("spec.storage.s3.endpoint", s3.endpoint,
                     "be a host or host:port without scheme and path, also for AWS: "
                     "s3.REGION.amazonaws.com");
    }
    if (s3.bucket.empty()) return invalid("spec.storage.s3.bucket", "", "name a bucket");
    if (!isPrefix(s3.prefix)) {
      return invalid("spec.storage.s3.prefix", s3.prefix,
                     "consist of parts of letters, digits, '-', '_' and '.' with one '/' between "
                     "them; no part may begin with a digit or be '.' or '..'");
    }
    if (s3.credentials && s3.credentials->secret_ref.name.empty()) {
      return invalid("spec.storage.s3.credentials.secretRef.name", "", "name a Secret");
    }
  }
  if (server.spec.retention != "0") {
    const auto retention = parseDuration(server.spec.retention);
    if (!retention.ok()) return retention.status().annotated("spec.retention");
  }
  return {};
}

std::string pyroscopeConfig(const api::ProfilingServerSpec& spec) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  entry(out, "target", std::string("all"));
  entry(out, "architecture_storage", std::string("v2"));
  entry(out, "multitenancy_enabled", spec.tenancy.enabled);
  open(out, "analytics");
  entry(out, "reporting_enabled", false);
  out << YAML::EndMap;
  emitStorage(out, spec.storage);
  open(out, "metastore");
  entry(out, "data_dir", std::string(kDataPath) + "/metastore/data");
  open(out, "raft");
  entry(out, "dir", std::string(kDataPath) + "/metastore/raft");
  out << YAML::EndMap << YAML::EndMap;
  open(out, "limits");
  entry(out, "retention_period", retentionText(spec.retention));
  entry(out, "max_profile_stacktrace_depth", kDeepestStack);
  out << YAML::EndMap << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace profiling::specs
