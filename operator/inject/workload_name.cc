#include "operator/inject/workload_name.h"

#include <algorithm>
#include <array>

#include "operator/base/str_cat.h"

namespace profiling::inject {
namespace {

// Labels that name a task, the most specific first. The second is added where the pod has it.
struct TaskLabel {
  std::string_view task, detail;
};
constexpr std::array<TaskLabel, 11> kTaskLabels{{
    {"dag_id", "task_id"},                                    // apache/airflow
    {"workflows.argoproj.io/cron-workflow", ""},              // argoproj/argo-workflows
    {"workflows.argoproj.io/workflow-template", ""},          //
    {"workflows.argoproj.io/cluster-workflow-template", ""},  //
    {"tekton.dev/pipeline", "tekton.dev/pipelineTask"},       // tektoncd/pipeline
    {"tekton.dev/clusterTask", ""},                           //
    {"tekton.dev/task", ""},                                  //
    {"spark-app-name", ""},                                   // apache/spark
    {"sparkoperator.k8s.io/app-name", ""},                    // kubeflow/spark-operator
    {"scaledjob.keda.sh/name", ""},                           // kedacore/keda
    {"serving.knative.dev/service", ""},                      // knative/serving
}};
// Kinds whose names people choose, and whose pods' owner keeps its name.
constexpr std::array<std::string_view, 7> kLastingKinds{
    "Deployment", "StatefulSet",          "DaemonSet", "CronJob", "Rollout",
    "ReplicaSet", "ReplicationController"};

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

// What generators write: five letters of the API server's alphabet, which has no vowels; numbers; a
// mix in which letters and digits take turns.
bool looksGenerated(std::string_view segment) {
  constexpr std::string_view kGenerateName = "bcdfghjklmnpqrstvwxz2456789";
  if (segment.size() < 5) return false;
  const bool digits = std::ranges::all_of(segment, isDigit);
  if (digits) return true;
  if (segment.size() == 5 && segment.find_first_not_of(kGenerateName) == std::string_view::npos) {
    return true;
  }
  std::size_t turns = 0;
  for (std::size_t i = 1; i < segment.size(); ++i) {
    if (isDigit(segment[i]) != isDigit(segment[i - 1])) ++turns;
  }
  return turns >= 2;
}

}  // namespace

std::string taskName(const api::PodView& pod) {
  for (const TaskLabel& label : kTaskLabels) {
    const std::string_view task = stableStem(pod.label(label.task).value_or(""));
    if (task.empty()) continue;
    const std::string_view detail =
        label.detail.empty() ? std::string_view() : pod.label(label.detail).value_or("");
    return detail.empty() ? std::string(task) : strCat(task, '.', detail);
  }
  return {};
}

std::string_view stableStem(std::string_view name) {
  while (!name.empty()) {
    const std::size_t dash = name.rfind('-');
    if (!looksGenerated(name.substr(dash + 1))) break;  // npos + 1 is 0
    name = dash == std::string_view::npos ? std::string_view() : name.substr(0, dash);
  }
  while (name.ends_with('-')) name.remove_suffix(1);
  return name;
}

std::string_view stableName(const Workload& workload, const api::PodView& pod) {
  if (std::ranges::find(kLastingKinds, workload.kind) != kLastingKinds.end()) return workload.name;
  if (workload.kind == "Pod" && !pod.generate_name.empty()) {
    std::string_view stem = pod.generate_name;
    while (stem.ends_with('-')) stem.remove_suffix(1);
    return stableStem(stem);
  }
  return stableStem(workload.name);
}

}  // namespace profiling::inject
