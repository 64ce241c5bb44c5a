#include "operator/kube/client.h"

#include <algorithm>
#include <utility>

#include "operator/base/text.h"
#include "operator/kube/json.h"
#include "operator/kube/percent_encoding.h"

namespace profiling::kube {
namespace {

constexpr std::string_view kValidation = "fieldValidation=Strict";

// As the API server's IsValidPathSegmentName (apimachinery, pkg/api/validation/path): "." and ".."
// are path steps, and the server decodes %2F before it routes, so that no encoding makes a '/'
// safe.
bool validSegment(std::string_view text) {
  return text != "." && text != ".." && text.find_first_of("/%") == std::string_view::npos;
}

Status checkName(std::string_view name) {
  if (!name.empty() && validSegment(name)) return {};
  return {Code::kInvalidArgument,
          "name '" + printable(name) + "' must not be empty, '.' or '..', nor hold '/' or '%'"};
}

// Empty for cluster-scoped objects.
Status checkNamespace(std::string_view namespace_) {
  if (validSegment(namespace_)) return {};
  return {Code::kInvalidArgument,
          "namespace '" + printable(namespace_) + "' must not be '.' or '..', nor hold '/' or '%'"};
}

Status checkPlace(std::string_view namespace_, std::string_view name) {
  Status status = checkNamespace(namespace_);
  return status.ok() ? checkName(name) : status;
}

std::string metaField(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto meta = object.find("metadata");
  if (meta == object.end() || !meta->is_object()) return {};
  const auto it = meta->find(key);
  return it != meta->end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

std::string Resource::path(std::string_view namespace_, std::string_view name,
                           std::string_view subresource) const {
  std::string out = group.empty() ? "/api/" : "/apis/" + percentEncode(group) + "/";
  out += percentEncode(version);
  if (!namespace_.empty()) out += "/namespaces/" + percentEncode(namespace_);
  out += "/" + percentEncode(plural);
  if (!name.empty()) out += "/" + percentEncode(name);
  if (!subresource.empty()) out += "/" + percentEncode(subresource);
  return out;
}

Client::Client(net::HttpClient& http, std::chrono::milliseconds deadline)
    : http_(http), deadline_(deadline) {
}

Result<nlohmann::json> Client::get(const Resource& resource, std::string_view namespace_,
                                   std::string_view name, const std::stop_token& stop) {
  if (Status bad = checkPlace(namespace_, name); !bad.ok()) return bad;
  net::Request request;
  request.target = resource.path(namespace_, name);
  return call(request, stop);
}

Result<nlohmann::json> Client::create(const Resource& resource, std::string_view namespace_,
                                      const nlohmann::json& object, const std::stop_token& stop) {
  if (Status bad = checkNamespace(namespace_); !bad.ok()) return bad;
  net::Request request;
  request.method = net::Method::kPost;
  request.target = resource.path(namespace_) + "?" + std::string(kValidation);
  request.body = dumpJson(object);
  request.content_type = "application/json";
  return call(request, stop);
}

Result<nlohmann::json> Client::apply(const Resource& resource, const nlohmann::json& object,
                                     std::string_view field_manager, const std::stop_token& stop,
                                     std::string_view subresource, Conflicts conflicts) {
  const std::string namespace_ = metaField(object, "namespace");
  const std::string name = metaField(object, "name");
  if (Status bad = checkPlace(namespace_, name); !bad.ok()) return bad.annotated("metadata");
  if (field_manager.empty()) {
    return Status(Code::kInvalidArgument, "field manager '' must not be empty");
  }
  net::Request request;
  request.method = net::Method::kPatch;
  request.target = resource.path(namespace_, name, subresource) +
                   "?fieldManager=" + percentEncode(field_manager) +
                   (conflicts == Conflicts::kForce ? "&force=true&" : "&force=false&") +
                   std::string(kValidation);
  request.body = dumpJson(object);  // JSON is YAML that the server parses fastest
  request.content_type = "application/apply-patch+yaml";
  return call(request, stop);
}

Result<nlohmann::json> Client::mergePatch(const Resource& resource, std::string_view namespace_,
                                          std::string_view name, const nlohmann::json& patch,
                                          const std::stop_token& stop, std::string_view subresource,
                                          std::string_view field_manager) {
  if (Status bad = checkPlace(namespace_, name); !bad.ok()) return bad;
  net::Request request;
  request.method = net::Method::kPatch;
  request.target = resource.path(namespace_, name, subresource) + "?" + std::string(kValidation);
  if (!field_manager.empty()) request.target += "&fieldManager=" + percentEncode(field_manager);
  request.body = dumpJson(patch);
  request.content_type = "application/merge-patch+json";
  return call(request, stop);
}

Result<std::vector<nlohmann::json>> Client::list(const Resource& resource,
                                                 std::string_view namespace_,
                                                 const std::stop_token& stop, int limit) {
  if (Status bad = checkNamespace(namespace_); !bad.ok()) return bad;
  net::Request request;
  request.target = resource.path(namespace_) + "?limit=" + std::to_string(limit);
  Result<nlohmann::json> answer = call(request, stop);
  if (!answer.ok()) return answer.status();
  const auto items = answer->find("items");
  if (items == answer->end() || !items->is_array()) {
    return Status(Code::kInternal, "GET " + request.target + ": the answer is not a list");
  }
  const auto metadata = answer->find("metadata");
  if (metadata != answer->end() && metadata->is_object() &&
      !metadata->value("continue", std::string()).empty()) {
    return Status(Code::kTooLarge, "GET " + request.target + ": more objects than that");
  }
  return items->get<std::vector<nlohmann::json>>();
}

Status Client::evict(std::string_view namespace_, std::string_view pod, std::string_view uid,
                     const std::stop_token& stop) {
  if (Status bad = checkPlace(namespace_, pod); !bad.ok()) return bad;
  net::Request request;
  request.method = net::Method::kPost;
  request.target =
      resources::kPods.path(namespace_, pod, "eviction") + "?" + std::string(kValidation);
  request.body = dumpJson({{"apiVersion", "policy/v1"},
                           {"kind", "Eviction"},
                           {"metadata", {{"name", pod}, {"namespace", namespace_}}},
                           {"deleteOptions", {{"preconditions", {{"uid", uid}}}}}});
  request.content_type = "application/json";
  return call(request, stop).status();
}

Status Client::remove(const Resource& resource, std::string_view namespace_, std::string_view name,
                      const DeletePreconditions& preconditions, const std::stop_token& stop) {
  if (Status bad = checkPlace(namespace_, name); !bad.ok()) return bad;
  nlohmann::json conditions = nlohmann::json::object();
  if (!preconditions.uid.empty()) conditions["uid"] = preconditions.uid;
  if (!preconditions.resource_version.empty()) {
    conditions["resourceVersion"] = preconditions.resource_version;
  }
  net::Request request;
  request.method = net::Method::kDelete;
  request.target = resource.path(namespace_, name);
  // Background: dependents are collected after their owner, so the deletion waits for no finalizer.
  request.body = dumpJson({{"apiVersion", "v1"},
                           {"kind", "DeleteOptions"},
                           {"propagationPolicy", "Background"},
                           {"preconditions", std::move(conditions)}});
  request.content_type = "application/json";
  return call(request, stop).status();
}

Result<nlohmann::json> Client::call(const net::Request& request, const std::stop_token& stop) {
  // The error names the path without its query.
  const std::string what = std::string(net::methodName(request.method)) + " " +
                           printable(request.target.substr(0, request.target.find('?')), 200);
  const auto start = std::chrono::steady_clock::now();
  Result<net::Response> answer = http_.send(request, deadline_, stop);
  if (!answer.ok() && answer.status().code() == Code::kUnavailable &&
      request.method == net::Method::kGet) {
    const auto left = deadline_ - std::chrono::duration_cast<std::chrono::milliseconds>(
                                      std::chrono::steady_clock::now() - start);
    if (left > std::chrono::milliseconds(0)) answer = http_.send(request, left, stop);
  }
  if (!answer.ok()) return answer.status().annotated(what);
  if (Status status = statusOf(*answer); !status.ok()) return status.annotated(what);
  Result<nlohmann::json> object = parseJson(answer->body);
  if (!object.ok()) return object.status().annotated(what);
  return object;
}

}  // namespace profiling::kube
