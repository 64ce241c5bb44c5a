#include "tests/support/pod_admission.h"

#include <gtest/gtest.h>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/encoding.h"
#include "operator/inject/fact_log.h"
#include "tests/support/posted.h"

namespace profiling::test {

using nlohmann::json;

api::AgentImages agentImages() {
  api::AgentImages images;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::string token(api::languageToken(static_cast<api::Language>(i)));
    images[i] = {"registry.example/agent-" + token + ":1.0", "1.0"};
  }
  return images;
}

PodAdmission::PodAdmission(const std::vector<json>& objects, const inject::NamespaceRecord& shop,
                           bool native_sidecars) {
  inject::Records<api::ProfilingPolicy> policies;
  inject::Records<api::ClusterProfilingPolicy> cluster_policies;
  inject::Records<inject::NamespaceRecord> namespaces;
  inject::Records<inject::LimitRangeRecord> limit_ranges;
  namespaces["shop"] = std::make_shared<const inject::NamespaceRecord>(shop);
  for (const json& object : objects) {
    const auto add = [&](auto policy, auto& all, const std::string& prefix) {
      EXPECT_TRUE(policy.ok()) << policy.status().toString();
      using Policy = std::remove_cvref_t<decltype(*policy)>;
      if (policy.ok())
        all[prefix + policy->metadata.name] = std::make_shared<const Policy>(*policy);
    };
    const std::string kind = object.value("kind", "");
    if (kind == "LimitRange") {
      limit_ranges[object["metadata"]["name"]] = std::make_shared<const inject::LimitRangeRecord>(
          inject::LimitRangeRecord{"shop", inject::boundsOf(object)});
    } else if (kind == "ResourceQuota") {
      const inject::Quota quota = inject::quotaOf(object);
      cluster_.setQuota("shop/" + quota.name, quota);
    } else if (kind == "Node") {
      const json& labels = object["metadata"]["labels"];
      cluster_.setNode(object["metadata"]["name"],
                       {labels.at("kubernetes.io/os"), labels.at("kubernetes.io/arch")});
    } else if (kind == api::ClusterProfilingPolicy::kKind) {
      add(api::clusterPolicyFromJson(object), cluster_policies, "");
    } else {
      add(api::policyFromJson(object), policies, "shop/");
    }
  }
  inject::Settings settings;
  settings.agents = agentImages();
  settings.native_sidecars = native_sidecars;
  mutator_ = std::make_unique<webhooks::PodMutator>(
      settings,
      webhooks::MutationObserver{[this](inject::Reason r, api::PolicyMode mode) {
                                   reason_ = std::string(inject::reasonName(r));
                                   observed_ = mode == api::PolicyMode::kObserve;
                                 },
                                 [] { FAIL() << "failed open"; }},
      nullptr, &cluster_);
  mutator_->use(inject::buildSnapshot(policies, cluster_policies, {}, namespaces, agentImages(), {},
                                      {}, limit_ranges));
}

json PodAdmission::admit(const json& pod) {
  patched_ = false;
  const json review = {{"apiVersion", "admission.k8s.io/v1"},
                       {"kind", "AdmissionReview"},
                       {"request",
                        {{"uid", "golden"},
                         {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
                         {"resource", {{"group", ""}, {"version", "v1"}, {"resource", "pods"}}},
                         {"namespace", "shop"},
                         {"operation", "CREATE"},
                         {"object", pod}}}};
  const inject::FactLog facts;
  const net::ServerResponse answer = mutator_->handle(test::Posted(review.dump()).request());
  EXPECT_TRUE(facts.repeated().empty()) << "a fact of the pod was worked out twice";
  EXPECT_EQ(answer.status, 200) << answer.body;
  const json response = json::parse(answer.body)["response"];
  EXPECT_TRUE(response["allowed"].get<bool>());
  EXPECT_EQ(response.contains("patch"), response.contains("patchType"));
  warned_ = response.contains("warnings");
  if (!response.contains("patch")) return pod;
  patched_ = true;
  return pod.patch(json::parse(*base64Decode(response["patch"].get<std::string>())));
}

}  // namespace profiling::test
