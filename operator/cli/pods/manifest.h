// Objects in files and the pods they create. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/base/status.h"

namespace profiling::cli {

struct Document {
  std::string place;  // "web.yaml: Deployment/web", for messages
  nlohmann::json object;
  std::string text;  // as written, with comments; empty for an item of a List
};

// Every object of a YAML or JSON text, with Lists expanded. `file` names it in messages.
Result<std::vector<Document>> readDocuments(const std::string& file, const std::string& text);

// The object's namespace, or `otherwise`.
std::string namespaceOf(const nlohmann::json& object, const std::string& otherwise);
// "Deployment/web"; "Pod/?" for one without a name.
std::string nameOf(const nlohmann::json& object);

// The pod that a workload's controller would create: its template with an owner, so that the
// decision sees the workload.
struct PodOfObject {
  nlohmann::json pod;
  std::string path;  // JSON pointer to the template; empty: the object is the pod
};
// Supports Pod, Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController, Job, CronJob
// and Argo's Rollout; nullopt for other kinds and for workloads without a template.
std::optional<PodOfObject> podOf(const nlohmann::json& object, const std::string& namespace_);

// `object` with the changes of its pod, without what podOf() added.
nlohmann::json withPod(nlohmann::json object, const PodOfObject& of, const nlohmann::json& patched);

}  // namespace profiling::cli
