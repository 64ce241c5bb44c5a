#include "operator/inject/fit/quota.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "operator/api/json_access.h"
#include "operator/base/quantity.h"
#include "operator/inject/fit/quantity_json.h"

namespace profiling::inject {
namespace {

std::optional<QuotaCounter> counterOf(const nlohmann::json& hard, const nlohmann::json& used,
                                      std::initializer_list<std::string> names) {
  std::optional<QuotaCounter> least;
  for (const std::string& name : names) {
    const auto most = parseQuantity(quantityIn(api::member(hard, name)));
    if (!most) continue;
    const QuotaCounter found{*most, amountOf(quantityIn(api::member(used, name)))};
    if (!least || found.left() < least->left()) least = found;
  }
  return least;
}

bool isSet(std::string_view quantity) {
  return amountOf(quantity) > 0;
}

bool isBestEffort(const api::PodView& pod) {
  const auto none = [](const api::ResourcesView& r) {
    return !isSet(r.cpu_request) && !isSet(r.cpu_limit) && !isSet(r.memory_request) &&
           !isSet(r.memory_limit);
  };
  const auto all = [&](const std::vector<api::ContainerView>& list) {
    return std::ranges::all_of(list,
                               [&](const api::ContainerView& c) { return none(c.resources); });
  };
  return none(pod.resources) && all(pod.containers) && all(pod.init_containers);
}

bool meets(const QuotaScope& scope, const api::PodView& pod) {
  if (scope.name == "Terminating") return pod.has_deadline;
  if (scope.name == "NotTerminating") return !pod.has_deadline;
  if (scope.name == "BestEffort") return isBestEffort(pod);
  if (scope.name == "NotBestEffort") return !isBestEffort(pod);
  if (scope.name != "PriorityClass") return true;
  const bool has = std::ranges::find(scope.values, pod.priority_class) != scope.values.end();
  if (scope.op == "In") return has;
  if (scope.op == "NotIn") return !has;
  return (scope.op == "DoesNotExist") == pod.priority_class.empty();
}

}  // namespace

bool Quota::counts() const {
  return std::ranges::any_of(kResourceKinds,
                             [this](ResourceKind kind) { return requests[kind] || limits[kind]; });
}

Quota quotaOf(const nlohmann::json& object) {
  Quota out;
  out.name = api::text(api::member(object, "metadata", "name"));
  const nlohmann::json& status = api::member(object, "status", "hard");
  const nlohmann::json& hard = status.is_object() ? status : api::member(object, "spec", "hard");
  const nlohmann::json& used = api::member(object, "status", "used");
  for (const ResourceKind kind : kResourceKinds) {
    const std::string name(resourceName(kind));
    out.requests[kind] = counterOf(hard, used, {"requests." + name, name});
    out.limits[kind] = counterOf(hard, used, {"limits." + name});
  }
  const nlohmann::json& scopes = api::member(object, "spec", "scopes");
  for (const nlohmann::json& scope : scopes.is_array() ? scopes : nlohmann::json::array()) {
    out.scopes.push_back({api::text(scope), "Exists", {}});
  }
  const nlohmann::json& selector = api::member(object, "spec", "scopeSelector", "matchExpressions");
  for (const nlohmann::json& item : selector.is_array() ? selector : nlohmann::json::array()) {
    QuotaScope& scope = out.scopes.emplace_back();
    scope.name = api::text(api::member(item, "scopeName"));
    scope.op = api::text(api::member(item, "operator"));
    const nlohmann::json& values = api::member(item, "values");
    for (const nlohmann::json& value : values.is_array() ? values : nlohmann::json::array()) {
      scope.values.push_back(api::text(value));
    }
  }
  return out;
}

bool mayCount(const Quota& quota, const api::PodView& pod) {
  return std::ranges::all_of(quota.scopes,
                             [&](const QuotaScope& scope) { return meets(scope, pod); });
}

}  // namespace profiling::inject
