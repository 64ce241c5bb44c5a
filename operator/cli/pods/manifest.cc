#include "operator/cli/pods/manifest.h"

#include <algorithm>
#include <array>

#include "operator/api/json_access.h"
#include "operator/api/v1alpha1/common.h"
#include "operator/base/text.h"
#include "operator/cli/structured.h"

namespace profiling::cli {
namespace {

using api::member;
using api::text;
using Json = nlohmann::json;

// As long as a Deployment's template hash; real ones are never all zeros.
constexpr const char* kHash = "0000000000";

struct Template {
  std::string_view kind, path, hash_label;
};
constexpr std::array<Template, 8> kTemplates{{
    {"Deployment", "/spec/template", "pod-template-hash"},
    {"Rollout", "/spec/template", "rollouts-pod-template-hash"},
    {"ReplicaSet", "/spec/template", ""},
    {"StatefulSet", "/spec/template", ""},
    {"DaemonSet", "/spec/template", ""},
    {"ReplicationController", "/spec/template", ""},
    {"Job", "/spec/template", ""},
    {"CronJob", "/spec/jobTemplate/spec/template", ""},
}};

const Template* templateOf(const Json& object) {
  const std::string kind = text(member(object, "kind"));
  for (const Template& each : kTemplates) {
    if (each.kind == kind) return &each;
  }
  return nullptr;
}

bool isList(const Json& object) {
  return text(member(object, "kind")).ends_with("List") && object.contains("items") &&
         object["items"].is_array();
}

void append(std::vector<Document>& out, const std::string& file, Json object) {
  if (isList(object)) {
    for (Json& item : object["items"]) append(out, file, std::move(item));
    return;
  }
  std::string place = file + ": " + nameOf(object);
  out.push_back({std::move(place), std::move(object), {}});
}

// The documents of a YAML text, each with its closing line.
std::vector<std::string> partsOf(const std::string& text) {
  std::vector<std::string> out(1);
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string_view line = std::string_view(text).substr(at, end - at);
    out.back() += line;
    if (line.starts_with("---") && trim(line) == "---") out.emplace_back();
    at = end;
  }
  return out;
}

// What only the webhook may say of a pod. In a template it would outlive the policy: each pod would
// come back with it, and the controller would replace each again.
void unmark(Json& map) {
  for (const Template& each : kTemplates) {
    const std::string label(each.hash_label);
    if (!label.empty() && map.value(label, "") == kHash) map.erase(label);
  }
  map.erase(std::string(api::kProfiledKey));
  map.erase(std::string(api::kDecisionKey));
}

// The stand-in for a hash that only the workload's controller knows: also in the tags of the agents,
// "…,template_hash=0000000000".
void withoutHash(Json& spec) {
  static const std::string kTag = std::string(",template_hash=") + kHash;
  for (const char* list : {"containers", "initContainers"}) {
    const auto containers = spec.find(list);
    if (containers == spec.end() || !containers->is_array()) continue;
    for (Json& container : *containers) {
      const auto env = container.find("env");
      if (env == container.end() || !env->is_array()) continue;
      for (Json& variable : *env) {
        const auto value = variable.find("value");
        if (value == variable.end() || !value->is_string()) continue;
        auto& words = value->get_ref<std::string&>();
        const std::size_t at = words.find(kTag);
        if (at != std::string::npos) words.erase(at, kTag.size());
      }
    }
  }
}

}  // namespace

std::string namespaceOf(const Json& object, const std::string& otherwise) {
  const std::string own = text(member(object, "metadata", "namespace"));
  return own.empty() ? otherwise : own;
}

std::string nameOf(const Json& object) {
  std::string name = text(member(object, "metadata", "name"));
  if (name.empty()) name = text(member(object, "metadata", "generateName"));
  const std::string kind = text(member(object, "kind"));
  return printable(kind.empty() ? "?" : kind, 63) + "/" + printable(name.empty() ? "?" : name, 253);
}

Result<std::vector<Document>> readDocuments(const std::string& file, const std::string& text) {
  std::vector<Document> out;
  std::size_t line = 0;
  YamlBudget budget;
  for (const std::string& part : partsOf(text)) {
    const auto objects = parseDocuments(part, line, budget);
    if (!objects.ok()) return objects.status().annotated(file);
    line += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    for (const Json& object : *objects) {
      if (!object.is_object()) {
        return Status(Code::kInvalidArgument, file + ": a document is not an object");
      }
      const std::size_t before = out.size();
      append(out, file, object);
      const bool alone = objects->size() == 1 && out.size() == before + 1 && !isList(object);
      if (alone) out.back().text = part;
    }
  }
  return out;
}

std::optional<PodOfObject> podOf(const Json& object, const std::string& namespace_) {
  PodOfObject out;
  const std::string name = nameOf(object).substr(nameOf(object).find('/') + 1);
  const Template* of = templateOf(object);
  if (of == nullptr) {
    if (text(member(object, "kind")) != "Pod") return std::nullopt;
    out.pod = object;
  } else {
    const Json::json_pointer pointer{std::string(of->path)};
    if (!object.contains(pointer) || !object.at(pointer).is_object()) return std::nullopt;
    out.pod = object.at(pointer);
    out.path = of->path;
  }
  Json& pod = out.pod;
  if (!pod.contains("metadata") || !pod["metadata"].is_object()) pod["metadata"] = Json::object();
  pod["apiVersion"] = "v1";
  pod["kind"] = "Pod";
  pod["metadata"]["namespace"] = namespace_;
  if (of == nullptr) return out;
  std::string owner = name;
  std::string kind(of->kind);
  if (!of->hash_label.empty()) {
    owner += std::string("-") + kHash;
    kind = "ReplicaSet";
    if (!pod["metadata"].contains("labels") || !pod["metadata"]["labels"].is_object()) {
      pod["metadata"]["labels"] = Json::object();
    }
    pod["metadata"]["labels"][std::string(of->hash_label)] = kHash;
  } else if (kind == "CronJob") {
    owner += "-00000000";
    kind = "Job";
  }
  pod["metadata"]["generateName"] = owner + "-";
  pod["metadata"]["ownerReferences"] = {{{"apiVersion", text(member(object, "apiVersion"))},
                                         {"kind", kind},
                                         {"name", owner},
                                         {"uid", ""},
                                         {"controller", true}}};
  return out;
}

Json withPod(Json object, const PodOfObject& of, const Json& patched) {
  if (patched == of.pod) return object;
  Json& target = of.path.empty() ? object : object[Json::json_pointer(of.path)];
  target["spec"] = patched.at("spec");
  if (!of.path.empty()) withoutHash(target["spec"]);
  for (const char* key : {"labels", "annotations"}) {
    const auto it = patched.at("metadata").find(key);
    if (it == patched.at("metadata").end()) continue;
    Json map = *it;
    if (!of.path.empty()) unmark(map);
    if (!map.empty()) target["metadata"][key] = std::move(map);
  }
  return object;
}

}  // namespace profiling::cli
