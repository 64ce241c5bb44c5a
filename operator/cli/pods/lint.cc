#include "operator/cli/pods/lint.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <set>
#include <span>

#include "operator/api/json_access.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/cli/pods/explain.h"
#include "operator/cli/pods/object_schema.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kOurs = "profiling.dev/";

// Prefixes of variables that articles show but no Pyroscope server reads: it then stores on the
// container's disk (grafana/pyroscope takes storage.* from its file and flags only).
constexpr std::array<std::string_view, 2> kUnusedPrefixes{"PYROSCOPE_STORAGE_", "PYROSCOPE_S3_"};

std::string below(const std::string& path, const std::string& key) {
  return path + "/" + key;
}

class Linter {
 public:
  Linter(std::string namespace_, inject::Settings settings)
      : namespace_(std::move(namespace_)), inputs_(std::move(settings)) {}

  void collect(const Document& d) {
    const std::vector<SchemaProblem> problems =
        ours(d) ? schemaProblems(d.object) : std::vector<SchemaProblem>();
    for (const SchemaProblem& problem : problems) add(true, d, problem.field, problem.message);
    if (ours(d)) unknownFields(d);
    const auto added = inputs_.add(d.object, namespace_);
    // What the operator cannot read, the schema has refused, mostly.
    if (!added.ok() && problems.empty()) add(true, d, "", added.status().message());
  }

  void check(const Document& d) {
    references(d);
    const std::string home = namespaceOf(d.object, namespace_);
    inputs_.addNamespace(home);
    const auto of = podOf(d.object, home);
    if (!of) return;
    annotations(d, of->pod, of->path);
    unusedVariables(d, of->pod, of->path);
    const auto explained = explain(nameOf(d.object), of->pod, home, inputs_);
    if (!explained.ok()) return add(true, d, of->path, explained.status().message());
    if (explained->reason == inject::Reason::kMalformedPod)
      return add(true, d, of->path, explained->remedy);
    if (inputs_.hasPolicies() && explained->reason == inject::Reason::kUnknownPolicy) {
      add(false, d, of->path + "/metadata/annotations/profiling.dev~1policy", explained->remedy);
    }
    // Objects that are not in the files may exist in the cluster.
    const bool elsewhere =
        (explained->reason == inject::Reason::kNoPolicy && !inputs_.hasPolicies()) ||
        (explained->reason == inject::Reason::kServerUnavailable && !inputs_.hasServers());
    for (const std::string& warning : explained->warnings) {
      const bool same = warning.find(strCat(": ", inject::reasonName(explained->reason), ".")) !=
                        std::string::npos;
      if (!same || !elsewhere) add(false, d, of->path, warning);
    }
  }

  std::vector<Finding> take() { return std::move(found_); }

 private:
  static bool ours(const Document& d) {
    return api::text(api::member(d.object, "apiVersion")).starts_with(kOurs);
  }

  void add(bool error, const Document& d, const std::string& field, const std::string& message) {
    Finding finding{error, d.place, printable(field, 512), printable(message, 512)};
    if (std::ranges::find(found_, finding) == found_.end()) {
      found_.push_back(std::move(finding));
    }
  }

  // The API server drops unknown fields, mostly silently.
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
        add(true, d, below(path, key),
            strCat("unknown field '", key, "': must be one of ", join(known->second, ", ")));
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
    if (!policy || !inputs_.hasServers() || !d.object.contains(at)) return;
    const Json& ref = d.object.at(at);
    std::string home = api::text(api::member(ref, "namespace"));
    if (home.empty()) home = namespaceOf(d.object, namespace_);
    const std::string key = home + "/" + api::text(api::member(ref, "name"));
    if (inputs_.servers().contains(key)) return;
    std::vector<std::string_view> names;
    for (const auto& [name, server] : inputs_.servers()) names.push_back(name);
    add(false, d, "/spec/serverRef",
        strCat("no ProfilingServer '", key, "' in the files; available: ", join(names, ", ")));
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
      if (std::ranges::find(kKnown, key) != kKnown.end()) {
        if (value.is_string()) continue;
        add(true, d, path + "/metadata/annotations",
            "annotation " + key + " is " + value.dump() + ": must be a quoted string");
        continue;
      }
      // The decision, the last one, is written by the webhook.
      add(false, d, path + "/metadata/annotations",
          strCat("unknown annotation ", key, ": must be one of ",
                 join(std::span(kKnown).first<kKnown.size() - 1>(), ", ")));
    }
  }

  void unusedVariables(const Document& d, const Json& pod, const std::string& path) {
    for (const char* list : {"containers", "initContainers"}) {
      const Json::json_pointer at(std::string("/spec/") + list);
      if (!pod.contains(at) || !pod.at(at).is_array()) continue;
      std::size_t index = 0;
      for (const Json& container : pod.at(at)) {
        const std::string base = path + "/spec/" + list + "/" + std::to_string(index++) + "/env";
        if (!container.is_object() || !container.contains("env")) continue;
        for (const Json& env : container["env"])
          unusedVariable(d, api::text(api::member(env, "name")), base);
      }
    }
  }
  void unusedVariable(const Document& d, const std::string& name, const std::string& field) {
    for (const std::string_view prefix : kUnusedPrefixes) {
      if (!name.starts_with(prefix)) continue;
      add(false, d, field,
          name +
              " has no effect: configure storage in spec.storage of a ProfilingServer, or in the "
              "server's configuration file");
    }
  }

  const std::string namespace_;
  PolicyInputs inputs_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> lint(const std::vector<Document>& documents, const std::string& namespace_,
                          inject::Settings settings) {
  Linter linter(namespace_, std::move(settings));
  for (const Document& d : documents) linter.collect(d);
  for (const Document& d : documents) linter.check(d);
  return linter.take();
}

}  // namespace profiling::cli
