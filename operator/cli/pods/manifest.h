// Objects of files, and the pods that they make. Pure.
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
  std::string text;  // as written, comments and all; empty: one of a List
};

// Every object of a YAML or JSON text, a List's items one by one. `file` names it in messages.
Result<std::vector<Document>> readDocuments(const std::string& file, const std::string& text);

// Its namespace, or `otherwise`.
std::string namespaceOf(const nlohmann::json& object, const std::string& otherwise);
// "Deployment/web"; "Pod/?" for one without a name.
std::string nameOf(const nlohmann::json& object);

// The pod that a workload's controller would send to the API server: its template with an owner, so
// that the decision sees the workload as it will be.
struct PodOfObject {
  nlohmann::json pod;
  std::string path;  // JSON pointer to the template; empty: the object is the pod
};
// Pod, Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController, Job, CronJob and
// Argo's Rollout; nullopt for any other kind, and for one without a template.
std::optional<PodOfObject> podOf(const nlohmann::json& object, const std::string& namespace_);

// `object` with what was done to its pod; what podOf() put there is left out again.
nlohmann::json withPod(nlohmann::json object, const PodOfObject& of, const nlohmann::json& patched);

}  // namespace profiling::cli
