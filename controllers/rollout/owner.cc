#include "controllers/rollout/owner.h"

#include <algorithm>

#include "operator/api/json_access.h"
#include "operator/api/selector.h"
#include "operator/inject/pods/pod_facts.h"

namespace profiling::controllers {
namespace {

using api::integer;
using api::isTrue;
using api::member;
using api::text;

using nlohmann::json;

std::int64_t integerOr(const json& value, std::int64_t otherwise) {
  return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}

// An IntOrString of a rolling update, against `size` pods, rounded up as for maxSurge.
std::int64_t surgeOf(const json& value, std::int64_t size, const char* otherwise) {
  std::string text = value.is_string() ? value.get<std::string>() : std::string();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (text.empty()) text = otherwise;
  const bool percent = text.ends_with('%');
  if (percent) text.pop_back();
  if (text.empty() || text.size() > 6 ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return 0;
  }
  const std::int64_t number = std::stoll(text);
  return percent ? (number * size + 99) / 100 : number;
}

bool notObserved(const json& object) {
  return integer(member(object, "status", "observedGeneration")) <
         integer(member(object, "metadata", "generation"));
}

void readDeployment(const json& object, engine::Owner& owner) {
  const json& status = member(object, "status");
  const std::int64_t updated = integer(member(status, "updatedReplicas"));
  owner.paused = isTrue(member(object, "spec", "paused"));
  owner.rolling_out = notObserved(object) || updated < owner.replicas ||
                      integer(member(status, "replicas")) > updated;
  const json& strategy = member(object, "spec", "strategy");
  owner.surges = text(member(strategy, "type")) != "Recreate" &&
                 surgeOf(member(strategy, "rollingUpdate", "maxSurge"), owner.replicas, "25%") > 0;
}

void readStatefulSet(const json& object, engine::Owner& owner) {
  const json& status = member(object, "status");
  const json& strategy = member(object, "spec", "updateStrategy");
  owner.on_delete = text(member(strategy, "type")) == "OnDelete";
  owner.partition = integer(member(strategy, "rollingUpdate", "partition"));
  const bool changes =
      text(member(status, "currentRevision")) != text(member(status, "updateRevision"));
  owner.rolling_out =
      notObserved(object) || (changes && !owner.on_delete && owner.partition == 0 &&
                              integer(member(status, "updatedReplicas")) < owner.replicas);
}

void readDaemonSet(const json& object, engine::Owner& owner) {
  const json& status = member(object, "status");
  const json& strategy = member(object, "spec", "updateStrategy");
  owner.replicas = integer(member(status, "desiredNumberScheduled"));
  owner.on_delete = text(member(strategy, "type")) == "OnDelete";
  owner.surges = surgeOf(member(strategy, "rollingUpdate", "maxSurge"), owner.replicas, "0") > 0;
  owner.rolling_out =
      notObserved(object) ||
      (!owner.on_delete && integer(member(status, "updatedNumberScheduled")) < owner.replicas);
}

// Argo's own rollout of a new version: its analysis must not be mixed up with ours.
void readRollout(const json& object, engine::Owner& owner) {
  owner.paused = isTrue(member(object, "spec", "paused"));
  const std::string phase = text(member(object, "status", "phase"));
  owner.rolling_out = !phase.empty() && phase != "Healthy";
}

// As in a manifest that was exported from a running pod, or injected by hand.
bool carriesAgent(const json& pod_template) {
  if (!text(member(pod_template, "metadata", "labels", api::kProfiledKey)).empty()) return true;
  constexpr std::string_view kInit = "initContainers";
  for (const std::string_view list : {kInit, std::string_view("containers")}) {
    const json& containers = member(pod_template, "spec", list);
    if (!containers.is_array()) continue;
    for (const json& container : containers) {
      if (inject::isOurs(list == kInit, text(member(container, "name")))) return true;
    }
  }
  return false;
}

api::LabelSelector selectorOf(const json& wanted) {
  api::LabelSelector selector;
  for (const auto& [key, value] : member(wanted, "matchLabels").items()) {
    selector.match_labels.emplace(key, text(value));
  }
  const json& expressions = member(wanted, "matchExpressions");
  for (const json& e : expressions.is_array() ? expressions : json::array()) {
    api::LabelRequirement requirement{text(member(e, "key")), text(member(e, "operator")), {}};
    const json& values = member(e, "values");
    for (const json& v : values.is_array() ? values : json::array()) {
      requirement.values.push_back(text(v));
    }
    selector.match_expressions.push_back(std::move(requirement));
  }
  return selector;
}

// Pods that are ready and not available yet count as away: the owner's status knows them.
void readAvailable(const json& object, const char* field, engine::Owner& owner) {
  if (integer(member(object, "spec", "minReadySeconds")) > 0) {
    owner.available = integer(member(object, "status", field));
  }
}

}  // namespace

kube::Resource workloadResource(const api::WorkloadRef& workload) {
  if (workload.kind == "Deployment") return {"apps", "v1", "deployments"};
  if (workload.kind == "StatefulSet") return {"apps", "v1", "statefulsets"};
  if (workload.kind == "DaemonSet") return {"apps", "v1", "daemonsets"};
  if (workload.kind == "Rollout" && workload.api_version.starts_with("argoproj.io/")) {
    return {"argoproj.io", "v1alpha1", "rollouts"};
  }
  return {};
}

engine::Owner ownerOf(const std::string& kind, const json& object) {
  engine::Owner owner;
  owner.found = member(object, "metadata", "deletionTimestamp").is_null();
  owner.replicas = integerOr(member(object, "spec", "replicas"), 1);
  owner.restarted_for =
      kind == "Rollout"
          ? text(member(object, "metadata", "annotations", kRestartedForKey))
          : text(member(object, "spec", "template", "metadata", "annotations", kRestartedForKey));
  owner.agent_in_template = carriesAgent(member(object, "spec", "template"));
  if (kind == "Deployment") readDeployment(object, owner);
  if (kind == "StatefulSet") readStatefulSet(object, owner);
  if (kind == "DaemonSet") readDaemonSet(object, owner);
  if (kind == "Rollout") readRollout(object, owner);
  readAvailable(object, kind == "DaemonSet" ? "numberAvailable" : "availableReplicas", owner);
  return owner;
}

bool atMaximum(const api::WorkloadRef& workload, const std::vector<json>& autoscalers) {
  return std::any_of(autoscalers.begin(), autoscalers.end(), [&](const json& hpa) {
    const json& target = member(hpa, "spec", "scaleTargetRef");
    if (text(member(target, "kind")) != workload.kind ||
        text(member(target, "name")) != workload.name) {
      return false;
    }
    const std::int64_t maximum = integer(member(hpa, "spec", "maxReplicas"));
    return maximum > integerOr(member(hpa, "spec", "minReplicas"), 1) &&
           integer(member(hpa, "status", "currentReplicas")) >= maximum;
  });
}

void readBudgets(const std::vector<api::KeyValueView>& pod_labels, const std::vector<json>& budgets,
                 engine::Owner& owner) {
  std::map<std::string, std::string> labels;
  for (const auto& label : pod_labels) labels.emplace(label.key, label.value);
  for (const json& budget : budgets) {
    const json& wanted = member(budget, "spec", "selector");
    if (!wanted.is_object() || !api::matches(selectorOf(wanted), labels)) continue;
    owner.budgets.push_back(text(member(budget, "metadata", "name")));
    const json& status = member(budget, "status");
    if (integer(member(status, "expectedPods")) == 0) continue;
    if (integer(member(status, "disruptionsAllowed")) <= 0) owner.disruptions_allowed = false;
  }
}

Result<engine::Owner> readOwner(kube::Client& client, const std::string& namespace_,
                                const api::WorkloadRef& workload, std::int64_t pods,
                                const std::vector<api::KeyValueView>& pod_labels,
                                const std::stop_token& stop) {
  engine::Owner owner;
  owner.replicas = pods;
  const kube::Resource resource = workloadResource(workload);
  if (!resource.version.empty()) {
    const auto object = client.get(resource, namespace_, workload.name, stop);
    if (object.status().code() == Code::kNotFound) {
      owner.found = false;
      return owner;
    }
    if (!object.ok()) return object.status();
    if (text(member(*object, "metadata", "uid")) != workload.uid) {
      owner.found = false;
      return owner;
    }
    owner = ownerOf(workload.kind, *object);
  }
  const auto autoscalers = client.list(kube::resources::kAutoscalers, namespace_, stop);
  if (autoscalers.ok()) owner.autoscaled_to_maximum = atMaximum(workload, *autoscalers);
  const auto budgets = client.list(kube::resources::kDisruptionBudgets, namespace_, stop);
  if (budgets.ok()) readBudgets(pod_labels, *budgets, owner);
  // Without permission to read these, the rollout continues: an eviction checks the budgets anyway.
  for (const Status& status : {autoscalers.status(), budgets.status()}) {
    if (!status.ok() && status.code() != Code::kPermissionDenied &&
        status.code() != Code::kNotFound && status.code() != Code::kTooLarge) {
      return status;
    }
  }
  return owner;
}

}  // namespace profiling::controllers
