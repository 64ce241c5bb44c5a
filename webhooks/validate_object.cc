#include "webhooks/validate_object.h"

#include <exception>

#include "operator/api/json_access.h"
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

using api::member;
using api::text;

// What would keep the policy's pods without an agent, as its status will say it. A policy with an
// endpoint of its own has no such problem.
void warnOfServer(const api::EffectivePolicy& effective, Validation& out) {
  if (!effective.server_problem.empty()) out.warnings.push_back(effective.server_problem);
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
  const std::string kind = text(member(object, "kind"));
  if (kind == api::ProfilingPolicy::kKind) {
    const auto policy = read(api::policyFromJson(object), namespace_, out);
    if (!policy) return out;
    const auto server = known.server(api::serverKey(*policy));
    const auto labels = known.namespace_labels(policy->metadata.namespace_);
    warnOfServer(api::makeEffective(*policy, server.get(), labels, {}), out);
  } else if (kind == api::ClusterProfilingPolicy::kKind) {
    const auto policy = read(api::clusterPolicyFromJson(object), "", out);
    if (!policy) return out;
    const auto server = known.server(api::serverKey(*policy));
    warnOfServer(api::ClusterEffective(*policy, server.get(), {}).common(), out);
  } else if (kind == api::ProfilingServer::kKind) {
    read(api::serverFromJson(object), namespace_, out);
  } else if (kind == api::WorkloadProfile::kKind) {
    read(api::workloadFromJson(object), namespace_, out);
  }
  return out;
}

net::ServerResponse ObjectValidator::handle(const net::ServerRequest& request) const {
  const Json review = parse(request.body).value_or(Json());
  const Json& asked = member(review, "request");
  const std::string uid = text(member(asked, "uid"));
  if (uid.empty()) return refusal(400, "the body must be an AdmissionReview with request.uid");
  net::ServerResponse response;
  try {
    const Json& object = member(asked, "object");
    // What is being deleted has no object; only its finalizers change any more.
    const bool going = !member(object, "metadata", "deletionTimestamp").is_null();
    const Validation verdict =
        object.is_object() && !going
            ? validateObject(object, text(member(asked, "namespace")), known_)
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
