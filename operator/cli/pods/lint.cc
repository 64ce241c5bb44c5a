#include "operator/cli/pods/lint.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "operator/api/json_access.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/text.h"
#include "operator/cli/pods/explain.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kOurs = "profiling.dev/";

// Prefixes of names that articles show and that Pyroscope's server has never read: it stores on the
// container's own disk then (grafana/pyroscope takes storage.* from its file and flags only).
constexpr std::array<std::string_view, 2> kDeadPrefixes{"PYROSCOPE_STORAGE_", "PYROSCOPE_S3_"};

std::string below(const std::string& path, const std::string& key) {
  return path + "/" + key;
}
std::string notOneOf(const std::string& what, const std::string& allowed) {
  return what + ": must be one of " + allowed;
}

class Linter {
 public:
  Linter(std::string namespace_, inject::Settings settings)
      : namespace_(std::move(namespace_)), knowledge_(std::move(settings)) {}

  void learn(const Document& d) {
    const auto added = knowledge_.add(d.object, namespace_);
    if (!added.ok()) found_.push_back({true, d.place, "", added.status().message()});
    if (added.ok() && *added) unknownFields(d);
  }

  void judge(const Document& d) {
    references(d);
    const std::string home = namespaceOf(d.object, namespace_);
    knowledge_.addNamespace(home);
    const auto of = podOf(d.object, home);
    if (!of) return;
    annotations(d, of->pod, of->path);
    deadNames(d, of->pod, of->path);
    const auto told = explain(nameOf(d.object), of->pod, home, knowledge_);
    if (!told.ok()) return add(true, d, of->path, told.status().message());
    if (told->reason == "MalformedPod") return add(true, d, of->path, told->remedy);
    if (knowledge_.hasPolicies() && told->reason == "UnknownPolicy") {
      add(false, d, of->path + "/metadata/annotations/profiling.dev~1policy", told->remedy);
    }
    // What the other files do not hold may well be in the cluster.
    const bool elsewhere = (told->reason == "NoPolicy" && !knowledge_.hasPolicies()) ||
                           (told->reason == "ServerUnavailable" && !knowledge_.hasServers());
    for (const std::string& warning : told->warnings) {
      const bool same = warning.find(": " + told->reason + ".") != std::string::npos;
      if (!same || !elsewhere) add(false, d, of->path, warning);
    }
  }

  std::vector<Finding> take() { return std::move(found_); }

 private:
  void add(bool error, const Document& d, std::string field, const std::string& message) {
    Finding finding{error, d.place, std::move(field), printable(message, 512)};
    if (std::find(found_.begin(), found_.end(), finding) == found_.end()) {
      found_.push_back(std::move(finding));
    }
  }

  // The API server drops what its schema does not know, mostly in silence.
  void unknownFields(const Document& d) {
    const std::string kind = api::text(api::member(d.object, "kind"));
    std::vector<api::FieldSchema> schema;
    if (kind == api::ProfilingPolicy::kKind) schema = api::policySchema();
    if (kind == api::ClusterProfilingPolicy::kKind) schema = api::clusterPolicySchema();
    if (kind == api::ProfilingServer::kKind) schema = api::serverSchema();
    if (kind == api::WorkloadProfile::kKind) schema = api::workloadSchema();
    if (schema.empty() || !d.object.contains("spec")) return;
    std::map<std::string, std::set<std::string>> fields;  // by the object that holds them
    for (const api::FieldSchema& field : schema) {
      const std::size_t slash = field.path.rfind('/');
      fields[field.path.substr(0, slash)].insert(field.path.substr(slash + 1));
    }
    walk(d, d.object["spec"], "/spec", "/spec", fields);
  }

  void walk(const Document& d, const Json& value, const std::string& path,
            const std::string& schema_path,
            const std::map<std::string, std::set<std::string>>& fields) {
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        walk(d, value[i], path + "/" + std::to_string(i), schema_path + "/*", fields);
      }
      return;
    }
    const auto known = fields.find(schema_path);
    if (!value.is_object() || known == fields.end()) return;
    for (const auto& [key, member] : value.items()) {
      if (!known->second.contains(key) && !known->second.contains("*")) {
        std::string allowed;
        for (const std::string& name : known->second) {
          allowed += (allowed.empty() ? "" : ", ") + name;
        }
        add(true, d, below(path, key), notOneOf("'" + key + "' is no field", allowed));
        continue;
      }
      walk(d, member, below(path, key), below(schema_path, key), fields);
    }
  }

  void references(const Document& d) {
    const std::string kind = api::text(api::member(d.object, "kind"));
    const bool policy =
        kind == api::ProfilingPolicy::kKind || kind == api::ClusterProfilingPolicy::kKind;
    const Json::json_pointer at("/spec/serverRef");
    if (!policy || !knowledge_.hasServers() || !d.object.contains(at)) return;
    const Json& ref = d.object.at(at);
    std::string home = api::text(api::member(ref, "namespace"));
    if (home.empty()) home = namespaceOf(d.object, namespace_);
    const std::string key = home + "/" + api::text(api::member(ref, "name"));
    if (knowledge_.servers().contains(key)) return;
    std::string there;
    for (const auto& [name, server] : knowledge_.servers()) {
      there += (there.empty() ? "" : ", ") + name;
    }
    add(false, d, "/spec/serverRef",
        "no ProfilingServer '" + key + "' among the files: there is " + there);
  }

  void annotations(const Document& d, const Json& pod, const std::string& path) {
    static constexpr std::array<std::string_view, 9> kKnown{
        api::kInjectKey,  api::kContainersKey, api::kPolicyKey,    api::kServiceNameKey,
        api::kTagsKey,    api::kLibcKey,       api::kPprofPortKey, api::kPprofPathPrefixKey,
        api::kDecisionKey};
    const auto it = pod["metadata"].find("annotations");
    if (it == pod["metadata"].end() || !it->is_object()) return;
    for (const auto& [key, value] : it->items()) {
      if (!key.starts_with(kOurs) || key == "profiling.dev/restarted-for") continue;
      if (std::find(kKnown.begin(), kKnown.end(), key) != kKnown.end()) {
        if (value.is_string()) continue;
        add(true, d, path + "/metadata/annotations",
            "annotation " + key + " is " + value.dump() + ": must be a string, in quotes");
        continue;
      }
      std::string allowed;
      for (const std::string_view name : kKnown) {
        if (name == api::kDecisionKey) continue;  // the webhook's
        allowed += (allowed.empty() ? "" : ", ") + std::string(name);
      }
      add(false, d, path + "/metadata/annotations",
          notOneOf("annotation " + key + " is read by nothing", allowed));
    }
  }

  void deadNames(const Document& d, const Json& pod, const std::string& path) {
    for (const char* list : {"containers", "initContainers"}) {
      const Json::json_pointer at(std::string("/spec/") + list);
      if (!pod.contains(at) || !pod.at(at).is_array()) continue;
      std::size_t index = 0;
      for (const Json& container : pod.at(at)) {
        const std::string base = path + "/spec/" + list + "/" + std::to_string(index++) + "/env";
        if (!container.is_object() || !container.contains("env")) continue;
        for (const Json& env : container["env"])
          deadName(d, api::text(api::member(env, "name")), base);
      }
    }
  }
  void deadName(const Document& d, const std::string& name, const std::string& field) {
    for (const std::string_view prefix : kDeadPrefixes) {
      if (!name.starts_with(prefix)) continue;
      add(false, d, field,
          name +
              " is read by nothing: storage is spec.storage of a ProfilingServer, or a file of "
              "the server's own");
    }
  }

  const std::string namespace_;
  Knowledge knowledge_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> lint(const std::vector<Document>& documents, const std::string& namespace_,
                          inject::Settings settings) {
  Linter linter(namespace_, std::move(settings));
  for (const Document& d : documents) linter.learn(d);
  for (const Document& d : documents) linter.judge(d);
  return linter.take();
}

}  // namespace profiling::cli
