// The webhook's handler for pods with one policy, for targets that post reviews.
#pragma once

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/posted.h"
#include "webhooks/mutate_pod.h"

namespace profiling::fuzz {

using Json = nlohmann::json;

inline const webhooks::PodMutator& mutator() {
  static const webhooks::PodMutator* made = [] {
    inject::Settings settings;
    settings.native_sidecars = true;
    for (auto& agent : settings.agents) agent = {"registry.example/agent:1", "1"};
    auto* m = new webhooks::PodMutator(settings, {.decided = {}, .failed_open = [] {
                                                    require(false, "no admission fails open");
                                                  }});
    const auto policy = api::policyFromJson(
        {{"metadata", {{"name", "shop"}, {"namespace", "shop"}}},
         {"spec", {{"endpoint", {{"url", "http://p:4040"}}}, {"activation", "Selected"}}}});
    inject::Records<api::ProfilingPolicy> policies;
    policies["shop/shop"] = std::make_shared<const api::ProfilingPolicy>(*policy);
    m->use(inject::buildSnapshot(policies, {}, {}, {}, settings.agents));
    return m;
  }();
  return *made;
}

inline net::ServerResponse post(std::string body) {
  return mutator().handle(test::Posted(std::move(body)).request());
}

// The patch of a response that must allow; null when it has none.
inline Json patchOf(const net::ServerResponse& answer) {
  require(answer.status == 200, "a review is answered");
  const Json out = Json::parse(answer.body);
  const Json& response = out.at("response");
  require(response.at("allowed") == true, "a pod is never denied");
  require(response.contains("patch") == response.contains("patchType"),
          "patch and patchType go together");
  if (!response.contains("patch")) return nullptr;
  const auto patch = base64Decode(response.at("patch").get<std::string>());
  require(patch.has_value(), "the patch is base64");
  return Json::parse(*patch);
}

inline Json reviewOf(Json pod) {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", "u"},
            {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
            {"resource", {{"group", ""}, {"version", "v1"}, {"resource", "pods"}}},
            {"namespace", "shop"},
            {"operation", "CREATE"},
            {"object", std::move(pod)}}}};
}

}  // namespace profiling::fuzz
