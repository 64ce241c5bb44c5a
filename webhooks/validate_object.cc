#include "webhooks/validate_object.h"

#include <exception>

#include "operator/api/json_access.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/log.h"
#include "webhooks/admission/response.h"
#include "webhooks/admission/review.h"
#include "webhooks/refusal.h"

namespace profiling::webhooks {
namespace {

using Json = nlohmann::json;

using api::member;
using api::text;

// The problem that keeps the policy's pods without an agent, as its status words it. A policy with
// spec.endpoint has no such problem.
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
  if (auto refused = refusedUnread(request, kMaxObjectReview)) return *std::move(refused);
  const admission::DecoderTurn turn(request.body.size());
  admission::Review review;
  if (auto status = turn.decoder().decode(request.body, request.body_capacity, review);
      !status.ok()) {
    return refusal(400, status.message());
  }
  net::ServerResponse response;
  try {
    Json object;
    if (auto status = turn.decoder().decodeObject(object); !status.ok())
      return refusal(400, status.message());
    // A deletion has no object, and an object under deletion changes only its finalizers.
    const bool deleted =
        !object.is_object() || !member(object, "metadata", "deletionTimestamp").is_null();
    const Validation verdict =
        deleted ? Validation() : validateObject(object, std::string(review.namespace_), known_);
    response.body = verdict.error.empty()
                        ? admission::allowedResponse(review.uid, {}, verdict.warnings)
                        : admission::deniedResponse(review.uid, verdict.error);
    return response;
  } catch (const std::exception& e) {
    log::error("Validation failed open", {{"error", e.what()}});
  }
  if (failed_open_) failed_open_();
  response.body = admission::allowedResponse(review.uid);
  return response;
}

}  // namespace profiling::webhooks
