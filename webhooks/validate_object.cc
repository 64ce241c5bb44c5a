#include "webhooks/validate_object.h"

#include <exception>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/log.h"
#include "operator/base/text.h"
#include "webhooks/admission/response.h"
#include "webhooks/refusal.h"

namespace profiling::webhooks {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxMessage = 1024;

const Json& at(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto it = object.find(key);
  return it == object.end() ? none : *it;
}
std::string textAt(const Json& object, const char* key) {
  const Json& value = at(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

// What of a policy's server would keep its pods without an agent.
template <class Policy>
void checkServer(const Policy& policy, const KnownObjects& known, Validation& out) {
  const std::string key = api::serverKey(policy);
  if (key.empty() || !known.server) return;
  const auto server = known.server(key);
  if (server == nullptr) {
    out.warnings.push_back("spec.serverRef: there is no ProfilingServer '" + key +
                           "' yet: no pod gets an agent before it is there");
    return;
  }
  if constexpr (std::is_same_v<Policy, api::ProfilingPolicy>) {
    const std::string& home = policy.metadata.namespace_;
    const auto labels = known.namespace_labels ? known.namespace_labels(home)
                                               : std::map<std::string, std::string>();
    if (!api::grants(*server, home, labels)) {
      out.warnings.push_back("spec.serverRef: ProfilingServer '" + key +
                             "' does not admit namespace '" + home +
                             "' (its spec.allowedNamespaces): no pod gets an agent");
    }
  }
}

template <class Object>
std::optional<Object> read(Result<Object> object, const std::string& namespace_, Validation& out) {
  if (!object.ok()) {
    out.error = object.status().message();
    return std::nullopt;
  }
  if (object->metadata.namespace_.empty()) object->metadata.namespace_ = namespace_;
  return *std::move(object);
}

std::string answer(const std::string& uid, const Validation& verdict) {
  if (verdict.error.empty()) return admission::allowedResponse(uid, {}, verdict.warnings);
  return Json{{"apiVersion", "admission.k8s.io/v1"},
              {"kind", "AdmissionReview"},
              {"response",
               {{"uid", uid},
                {"allowed", false},
                {"status",
                 {{"code", 422},
                  {"reason", "Invalid"},
                  {"message", printable(verdict.error, kMaxMessage)}}}}}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Json> parse(std::string_view body) {
  bool deep = false;
  Json json = Json::parse(
      body,
      [&](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth > kMaxDepth;
        return !deep;
      },
      false);
  if (json.is_discarded() || deep) return std::nullopt;
  return json;
}

}  // namespace

Validation validateObject(const Json& object, const std::string& namespace_,
                          const KnownObjects& known) {
  Validation out;
  const std::string kind = textAt(object, "kind");
  if (kind == api::ProfilingPolicy::kKind) {
    const auto policy = read(api::policyFromJson(object), namespace_, out);
    if (policy) checkServer(*policy, known, out);
  } else if (kind == api::ClusterProfilingPolicy::kKind) {
    const auto policy = read(api::clusterPolicyFromJson(object), "", out);
    if (policy) checkServer(*policy, known, out);
  } else if (kind == api::ProfilingServer::kKind) {
    read(api::serverFromJson(object), namespace_, out);
  } else if (kind == api::WorkloadProfile::kKind) {
    read(api::workloadFromJson(object), namespace_, out);
  }
  return out;
}

net::ServerResponse ObjectValidator::handle(const net::ServerRequest& request) const {
  const Json review = parse(request.body).value_or(Json());
  const Json& asked = at(review, "request");
  const std::string uid = textAt(asked, "uid");
  if (uid.empty()) return refusal(400, "the body must be an AdmissionReview with request.uid");
  net::ServerResponse response;
  try {
    const Json& object = at(asked, "object");
    // What is being deleted has no object; only its finalizers change any more.
    const bool going = !at(at(object, "metadata"), "deletionTimestamp").is_null();
    const Validation verdict = object.is_object() && !going
                                   ? validateObject(object, textAt(asked, "namespace"), known_)
                                   : Validation();
    response.body = answer(uid, verdict);
    return response;
  } catch (const std::exception& e) {
    log::error("Validation failed open", {{"error", e.what()}});
  }
  if (failed_open_) failed_open_();
  response.body = admission::allowedResponse(uid, {}, {});
  return response;
}

}  // namespace profiling::webhooks
