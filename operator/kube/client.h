// Verbs of the Kubernetes API on top of net::HttpClient. Thread-safe; calls block.
//
// Every write is idempotent by design, because a connection may fail after the server acted:
// server-side apply with one field manager for each control loop, deterministic names,
// uid/resourceVersion preconditions on delete. A GET whose connection failed is sent once more
// (the server may have closed a kept-alive connection). Writes, and requests that the server has
// answered (5xx included), are never repeated here: the caller reads back.
//
// Error texts hold no body; the server's message is cut to 400 characters.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/base/status.h"
#include "operator/net/http_client.h"

namespace profiling::kube {

// A collection of objects: {"", "v1", "pods"} or {"apps", "v1", "statefulsets"}.
struct Resource {
  std::string group;
  std::string version;
  std::string plural;

  // "/apis/apps/v1/namespaces/NS/statefulsets/NAME/status"; empty parts are left out. Names are
  // percent-encoded.
  std::string path(std::string_view namespace_ = {}, std::string_view name = {},
                   std::string_view subresource = {}) const;
};

namespace resources {
inline const Resource kPods{"", "v1", "pods"};
inline const Resource kNamespaces{"", "v1", "namespaces"};
inline const Resource kNodes{"", "v1", "nodes"};
inline const Resource kResourceQuotas{"", "v1", "resourcequotas"};
inline const Resource kLimitRanges{"", "v1", "limitranges"};
inline const Resource kSecrets{"", "v1", "secrets"};
inline const Resource kConfigMaps{"", "v1", "configmaps"};
inline const Resource kServices{"", "v1", "services"};
inline const Resource kStatefulSets{"apps", "v1", "statefulsets"};
inline const Resource kControllerRevisions{"apps", "v1", "controllerrevisions"};
inline const Resource kAutoscalers{"autoscaling", "v2", "horizontalpodautoscalers"};
inline const Resource kDisruptionBudgets{"policy", "v1", "poddisruptionbudgets"};
inline const Resource kEvents{"events.k8s.io", "v1", "events"};
inline const Resource kCoreEvents{"", "v1", "events"};  // the same objects; selects by reason
inline const Resource kLeases{"coordination.k8s.io", "v1", "leases"};
inline const Resource kMutatingWebhooks{"admissionregistration.k8s.io", "v1",
                                        "mutatingwebhookconfigurations"};
inline const Resource kValidatingWebhooks{"admissionregistration.k8s.io", "v1",
                                          "validatingwebhookconfigurations"};
inline const Resource kPolicies{"profiling.dev", "v1alpha1", "profilingpolicies"};
inline const Resource kClusterPolicies{"profiling.dev", "v1alpha1", "clusterprofilingpolicies"};
inline const Resource kServers{"profiling.dev", "v1alpha1", "profilingservers"};
inline const Resource kWorkloads{"profiling.dev", "v1alpha1", "workloadprofiles"};
}  // namespace resources

struct DeletePreconditions {
  std::string uid;
  std::string resource_version;  // empty: not required
};

// For server-side apply: what to do if a field has another owner.
enum class Conflicts {
  kForce,  // the field becomes ours
  kFail,   // kConflict: for an object that should not be there yet
};

class Client {
 public:
  // `http` must outlive the client. `deadline` bounds each call as a whole, including a repetition.
  explicit Client(net::HttpClient& http,
                  std::chrono::milliseconds deadline = std::chrono::seconds(30));

  // Every call checks names and namespaces: an empty name would turn a request for one object into
  // one for the whole collection, and '/' would reach another resource. Such a name is
  // kInvalidArgument, and nothing is sent.
  Result<nlohmann::json> get(const Resource& resource, std::string_view namespace_,
                             std::string_view name, const std::stop_token& stop);
  Result<nlohmann::json> create(const Resource& resource, std::string_view namespace_,
                                const nlohmann::json& object, const std::stop_token& stop);
  // Server-side apply of the fields of `object`; namespace and name come from its metadata.
  // `subresource` is empty or "status". All writes request strict field validation, so a field
  // unknown to the server is kInvalidArgument instead of being dropped.
  Result<nlohmann::json> apply(const Resource& resource, const nlohmann::json& object,
                               std::string_view field_manager, const std::stop_token& stop,
                               std::string_view subresource = {},
                               Conflicts conflicts = Conflicts::kForce);
  // With an empty field manager the server chooses the name.
  Result<nlohmann::json> mergePatch(const Resource& resource, std::string_view namespace_,
                                    std::string_view name, const nlohmann::json& patch,
                                    const std::stop_token& stop, std::string_view subresource = {},
                                    std::string_view field_manager = {});
  // All objects of a namespace, for kinds with few objects: one page of at most `limit`; kTooLarge
  // if there are more.
  Result<std::vector<nlohmann::json>> list(const Resource& resource, std::string_view namespace_,
                                           const std::stop_token& stop, int limit = 500);
  // Evicts the pod with this uid; kRateLimited if a PodDisruptionBudget does not allow it.
  Status evict(std::string_view namespace_, std::string_view pod, std::string_view uid,
               const std::stop_token& stop);
  // NotFound is returned as such; the caller decides whether it is success.
  Status remove(const Resource& resource, std::string_view namespace_, std::string_view name,
                const DeletePreconditions& preconditions, const std::stop_token& stop);

  net::HttpClient& http() { return http_; }

 private:
  Result<nlohmann::json> call(const net::Request& request, const std::stop_token& stop);
  net::HttpClient& http_;
  std::chrono::milliseconds deadline_;
};

// The Status of an answer: OK for 2xx; else from the message and reason of the Status object in the
// body, or from the HTTP code if there is none; Retry-After is kept. 400 405 406 415 422
// kInvalidArgument, 401 kUnauthenticated, 403 kPermissionDenied, 404 kNotFound, 409 kAlreadyExists
// or kConflict by reason, 410 kGone, 413 kTooLarge, 429 kRateLimited, 504 kDeadlineExceeded (the
// outcome of a write is unknown), other 5xx kUnavailable. A redirect is kInternal: none is
// followed.
Status statusOf(const net::Response& response);

}  // namespace profiling::kube
