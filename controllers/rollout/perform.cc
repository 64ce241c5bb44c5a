#include "controllers/rollout/perform.h"

#include "controllers/rollout/owner.h"
#include "operator/base/str_cat.h"

namespace profiling::controllers {
namespace {

constexpr std::string_view kFieldManager = "profiling-operator-restarts";

// Sets one annotation on the pod template (on an Argo Rollout: on itself) with our own field manager:
// nothing else in the template changes, and a GitOps tool can see its owner.
Status restart(kube::Client& client, const std::string& namespace_,
               const api::WorkloadRef& workload, const std::string& token, const std::string& now,
               const std::stop_token& stop) {
  const kube::Resource resource = workloadResource(workload);
  if (resource.version.empty()) {
    return {Code::kInvalidArgument,
            strCat(workload.kind, " '", workload.name,
                   "' has no pod template that the operator knows: set rollout.restart.method to "
                   "'Evict'")};
  }
  nlohmann::json object = {
      {"apiVersion", workload.api_version},
      {"kind", workload.kind},
      {"metadata", {{"name", workload.name}, {"namespace", namespace_}, {"uid", workload.uid}}}};
  const nlohmann::json token_of = {{std::string(kRestartedForKey), token}};
  if (workload.kind == "Rollout") {
    // Argo replaces the pods itself. A change of its template would begin a canary besides, and make a
    // Rollout with a workloadRef invalid.
    object["spec"]["restartAt"] = now;
    object["metadata"]["annotations"] = token_of;
  } else {
    object["spec"]["template"]["metadata"]["annotations"] = token_of;
  }
  return client.apply(resource, object, kFieldManager, stop).status();
}

}  // namespace

const char* actionName(engine::Action::Kind kind) {
  switch (kind) {
    case engine::Action::Kind::kEvict:
      return "evict";
    case engine::Action::Kind::kDelete:
      return "delete";
    case engine::Action::Kind::kRolloutRestart:
      return "restart";
  }
  return "";
}

Status perform(kube::Client& client, const std::string& namespace_,
               const api::WorkloadRef& workload, const engine::Action& action,
               const std::string& now, const std::stop_token& stop) {
  switch (action.kind) {
    case engine::Action::Kind::kEvict:
      return client.evict(namespace_, action.pod, action.uid, stop);
    case engine::Action::Kind::kDelete:
      return client.remove(kube::resources::kPods, namespace_, action.pod, {action.uid, ""}, stop);
    case engine::Action::Kind::kRolloutRestart:
      return restart(client, namespace_, workload, action.token, now, stop);
  }
  return {};
}

}  // namespace profiling::controllers
