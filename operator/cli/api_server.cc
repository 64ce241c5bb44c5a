#include "operator/cli/api_server.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/kube/json.h"
#include "operator/kube/percent_encoding.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kFieldManager = "kubectl-profiling";
constexpr std::size_t kPage = 500;
constexpr std::size_t kNamesListed = 10;

Status notInstalled(const kube::Resource& resource) {
  return {Code::kNotFound, "the cluster has no resource '" + resource.plural + "." +
                               resource.group + "': is profiling-operator installed?"};
}

std::string available(std::vector<std::string> names) {
  if (names.empty()) return "none exist";
  std::ranges::sort(names);
  const bool more = names.size() > kNamesListed;
  if (more) names.resize(kNamesListed);
  return strCat("available: ", join(names, ", "), more ? ", …" : "");
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

ApiServer::ApiServer(net::HttpClient& http, std::string namespace_,
                     std::chrono::milliseconds deadline)
    : dated_(http, clock_),
      client_(dated_, deadline),
      namespace_(std::move(namespace_)),
      deadline_(deadline) {
}

Result<Policy> ApiServer::policy(const PolicyName& name) {
  const auto& resource =
      name.cluster ? kube::resources::kClusterPolicies : kube::resources::kPolicies;
  const std::string where = name.cluster ? std::string() : namespace_;
  auto object = client_.get(resource, where, name.name, {});
  if (object.ok()) {
    auto read = policyFrom(*object);
    if (!read.ok()) return read.status().annotated(resource.plural + " '" + name.name + "'");
    return read;
  }
  if (object.status().code() != Code::kNotFound) return object.status();
  const auto others = name.cluster ? clusterPolicies() : policies(where);
  if (!others.ok()) return others.status();
  std::vector<std::string> names;
  for (const Policy& other : *others) names.push_back("'" + other.metadata.name + "'");
  return Status(Code::kNotFound,
                (name.cluster ? "ClusterProfilingPolicy '" + name.name + "' not found"
                              : "ProfilingPolicy '" + name.name + "' not found in namespace '" +
                                    where + "'") +
                    "; " + available(std::move(names)));
}

Result<api::WorkloadProfile> ApiServer::workload(const WorkloadName& name) {
  const std::string record = api::workloadProfileName(name.kind, name.name);
  auto object = client_.get(kube::resources::kWorkloads, namespace_, record, {});
  if (object.ok()) {
    auto read = api::workloadFromJson(*object);
    if (!read.ok()) return read.status().annotated("workloadprofiles '" + record + "'");
    return read;
  }
  if (object.status().code() != Code::kNotFound) return object.status();
  const auto others = workloads(namespace_);
  if (!others.ok()) return others.status();
  std::vector<std::string> names;
  for (const api::WorkloadProfile& other : *others) names.push_back("'" + shortName(other) + "'");
  return Status(Code::kNotFound, "no WorkloadProfile for " + name.kind + " '" + name.name +
                                     "' in namespace '" + namespace_ +
                                     "' (only workloads that a policy matches have one); " +
                                     available(std::move(names)));
}

Result<std::vector<Json>> ApiServer::list(const kube::Resource& resource,
                                          std::string_view namespace_) {
  auto found = pages(resource, namespace_);
  // The continue token may have expired: list again from the start.
  if (!found.ok() && found.status().code() == Code::kGone) found = pages(resource, namespace_);
  return found;
}

Result<std::vector<Json>> ApiServer::pages(const kube::Resource& resource,
                                           std::string_view namespace_) {
  if (const Status bad = checkNamespace(namespace_); !bad.ok()) return bad;
  std::vector<Json> items;
  std::string next;
  do {
    net::Request request;
    request.target = resource.path(namespace_) + "?limit=" + std::to_string(kPage);
    if (!next.empty()) request.target += "&continue=" + kube::percentEncode(next);
    const auto answer = client_.http().send(request, deadline_, {});
    const std::string what = "list " + resource.plural;
    if (!answer.ok()) return answer.status().annotated(what);
    if (answer->status == 404) return notInstalled(resource);
    if (const Status bad = kube::statusOf(*answer); !bad.ok()) return bad.annotated(what);
    auto page = kube::parseJson(answer->body);
    if (!page.ok()) return page.status().annotated(what);
    const auto found = page->is_object() ? page->find("items") : page->end();
    if (!page->is_object() || found == page->end() || !found->is_array()) {
      return Status(Code::kInternal, what + ": the server's answer is not a list");
    }
    for (Json& item : *found) items.push_back(std::move(item));
    const auto metadata = page->find("metadata");
    next = metadata != page->end() && metadata->is_object() ? text(*metadata, "continue") : "";
  } while (!next.empty());
  return items;
}

template <class T, class Read>
Result<std::vector<T>> ApiServer::readAll(const kube::Resource& resource,
                                          std::string_view namespace_, std::string_view kind,
                                          Read read) {
  auto items = list(resource, namespace_);
  if (!items.ok()) return items.status();
  std::vector<T> out;
  for (Json& item : *items) {
    if (!item.is_object()) continue;
    if (!item.contains("kind")) item["kind"] = kind;  // items of a list carry none
    auto one = read(item);
    if (one.ok()) {
      out.push_back(*std::move(one));
      continue;
    }
    const auto meta = api::metaFromJson(item);
    unreadable_.push_back(resource.plural + " '" + (meta.ok() ? meta->name : std::string("?")) +
                          "': " + one.status().message());
  }
  return out;
}

Result<std::vector<Policy>> ApiServer::policies(std::string_view namespace_) {
  return readAll<Policy>(kube::resources::kPolicies, namespace_, api::ProfilingPolicy::kKind,
                         policyFrom);
}

Result<std::vector<Policy>> ApiServer::clusterPolicies() {
  return readAll<Policy>(kube::resources::kClusterPolicies, "", api::ClusterProfilingPolicy::kKind,
                         policyFrom);
}

Result<Workloads> ApiServer::workloads(std::string_view namespace_) {
  return readAll<api::WorkloadProfile>(kube::resources::kWorkloads, namespace_,
                                       api::WorkloadProfile::kKind, api::workloadFromJson);
}

Result<Workloads> ApiServer::workloadsOf(const Policy& policy) {
  auto all = workloads(policy.metadata.namespace_);  // a cluster policy's is empty: all
  if (!all.ok()) return all;
  std::erase_if(*all, [&](const api::WorkloadProfile& w) { return !decides(policy, w); });
  return all;
}

Result<std::map<std::string, std::map<std::string, std::string>>> ApiServer::namespaceLabels() {
  const auto items = list(kube::resources::kNamespaces, "");
  if (!items.ok()) return items.status();
  std::map<std::string, std::map<std::string, std::string>> out;
  for (const Json& item : *items) {
    auto meta = api::metaFromJson(item);
    if (meta.ok()) out.emplace(std::move(meta->name), std::move(meta->labels));
  }
  return out;
}

Result<std::vector<Json>> ApiServer::objects(const kube::Resource& resource, std::string_view kind,
                                             std::string_view namespace_) {
  auto items = list(resource, namespace_);
  if (!items.ok()) return items;
  std::erase_if(*items, [](const Json& item) { return !item.is_object(); });
  for (Json& item : *items) {
    if (!item.contains("kind")) item["kind"] = kind;  // items of a list carry none
    if (item.contains("apiVersion")) continue;
    item["apiVersion"] =
        (resource.group.empty() ? std::string() : resource.group + "/") + resource.version;
  }
  return items;
}

Result<Json> ApiServer::podOrWorkload(std::string_view target) {
  static const std::map<std::string_view, kube::Resource> kResources{
      {"Pod", kube::resources::kPods},
      {"Deployment", {"apps", "v1", "deployments"}},
      {"StatefulSet", kube::resources::kStatefulSets},
      {"DaemonSet", {"apps", "v1", "daemonsets"}},
      {"ReplicaSet", {"apps", "v1", "replicasets"}},
      {"Job", {"batch", "v1", "jobs"}},
      {"CronJob", {"batch", "v1", "cronjobs"}},
      {"Rollout", {"argoproj.io", "v1alpha1", "rollouts"}}};
  const auto name = parsePodOrWorkload(target);
  if (!name.ok()) return name.status();
  const auto resource = kResources.find(name->kind);
  if (resource == kResources.end()) {
    return Status(Code::kInvalidArgument,
                  "'" + printable(target) + "' is not a kind that creates pods");
  }
  auto object = client_.get(resource->second, namespace_, name->name, {});
  if (!object.ok()) {
    return object.status().annotated(name->kind + " '" + name->name + "' in namespace '" +
                                     namespace_ + "'");
  }
  return object;
}

Status ApiServer::patch(const Policy& policy, const Json& patch) {
  const auto& resource =
      policy.cluster ? kube::resources::kClusterPolicies : kube::resources::kPolicies;
  return client_
      .mergePatch(resource, policy.metadata.namespace_, policy.metadata.name, patch, {}, {},
                  kFieldManager)
      .status();
}

Status ApiServer::patch(const api::WorkloadProfile& workload, const Json& patch) {
  return client_
      .mergePatch(kube::resources::kWorkloads, workload.metadata.namespace_, workload.metadata.name,
                  patch, {}, {}, kFieldManager)
      .status();
}

}  // namespace profiling::cli
