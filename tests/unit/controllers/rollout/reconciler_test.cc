// The rollout's edges to the API server: what an owner says, what is asked of it, what is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/revisions/revisions.h"
#include "controllers/rollout/owner.h"
#include "controllers/rollout/perform.h"
#include "controllers/rollout/plan_of.h"
#include "controllers/runtime/status_patch.h"
#include "tests/support/fake_http.h"

namespace profiling::controllers {
namespace {

using nlohmann::json;
using test::FakeHttp;
using testing::HasSubstr;
using testing::Not;

json deployment(json spec, json status = json::object()) {
  status["observedGeneration"] = 3;
  status.emplace("updatedReplicas", 4);
  status.emplace("replicas", 4);
  return {{"metadata", {{"generation", 3}, {"uid", "u"}}},
          {"spec", std::move(spec)},
          {"status", std::move(status)}};
}

TEST(Owner, ADeploymentSurgesUnlessItsStrategyForbidsIt) {
  EXPECT_TRUE(ownerOf("Deployment", deployment({{"replicas", 4}})).surges);
  EXPECT_FALSE(
      ownerOf("Deployment", deployment({{"replicas", 4}, {"strategy", {{"type", "Recreate"}}}}))
          .surges);
  const auto surge = [](json value) {
    return ownerOf(
               "Deployment",
               deployment({{"replicas", 4},
                           {"strategy", {{"rollingUpdate", {{"maxSurge", std::move(value)}}}}}}))
        .surges;
  };
  EXPECT_FALSE(surge(0));
  EXPECT_FALSE(surge("0%"));
  EXPECT_TRUE(surge("1%")) << "rounded up";
  EXPECT_TRUE(surge(1));
}

TEST(Owner, ATemplateThatCarriesAnAgentIsRecognised) {
  const auto with = [](const json& pod_template) {
    return ownerOf("Deployment", deployment({{"template", pod_template}})).agent_in_template;
  };
  EXPECT_FALSE(with({{"spec", {{"containers", {{{"name", "app"}}}}}}}));
  EXPECT_TRUE(with({{"metadata", {{"labels", {{"profiling.dev/profiled", "1111111111"}}}}}}));
  EXPECT_TRUE(with({{"spec", {{"initContainers", {{{"name", "profiling-agent-java"}}}}}}}));
  EXPECT_TRUE(with({{"spec", {{"containers", {{{"name", "profiling-agent-go"}}}}}}}));
  EXPECT_FALSE(with({{"spec", {{"containers", {{{"name", "profiling-agent-java"}}}}}}}))
      << "an application's own";
  EXPECT_FALSE(with(7));
}

TEST(Owner, ItsOwnRolloutIsSeenInGenerationAndCounts) {
  EXPECT_FALSE(ownerOf("Deployment", deployment({{"replicas", 4}})).rolling_out);
  EXPECT_TRUE(
      ownerOf("Deployment", deployment({{"replicas", 4}}, {{"updatedReplicas", 2}})).rolling_out);
  EXPECT_TRUE(ownerOf("Deployment", deployment({{"replicas", 4}}, {{"replicas", 5}})).rolling_out);
  json unseen = deployment({{"replicas", 4}});
  unseen["metadata"]["generation"] = 4;
  EXPECT_TRUE(ownerOf("Deployment", unseen).rolling_out);
}

TEST(Owner, StatefulSetsAndDaemonSetsHaveStrategiesOfTheirOwn) {
  json set = deployment({{"replicas", 4}, {"updateStrategy", {{"type", "OnDelete"}}}});
  EXPECT_TRUE(ownerOf("StatefulSet", set).on_delete);
  set["spec"]["updateStrategy"] = {{"rollingUpdate", {{"partition", 2}}}};
  EXPECT_EQ(ownerOf("StatefulSet", set).partition, 2);
  json daemons =
      deployment(json::object(), {{"desiredNumberScheduled", 9}, {"updatedNumberScheduled", 9}});
  EXPECT_EQ(ownerOf("DaemonSet", daemons).replicas, 9);
  EXPECT_FALSE(ownerOf("DaemonSet", daemons).rolling_out);
}

TEST(Owner, AnArgoRolloutInTheMiddleOfItsOwnIsLeftAlone) {
  EXPECT_TRUE(
      ownerOf("Rollout", deployment({{"replicas", 4}}, {{"phase", "Progressing"}})).rolling_out);
  EXPECT_FALSE(
      ownerOf("Rollout", deployment({{"replicas", 4}}, {{"phase", "Healthy"}})).rolling_out);
}

TEST(Owner, MalformedObjectsAreTolerated) {
  for (const char* text : {"5", "[]", "{}", R"({"spec":7,"status":"x"})",
                           R"({"spec":{"strategy":{"rollingUpdate":{"maxSurge":{}}}}})"}) {
    for (const char* kind : {"Deployment", "StatefulSet", "DaemonSet", "Rollout", "Other"}) {
      ownerOf(kind, json::parse(text));
    }
  }
}

TEST(Owner, AnAutoscalerAtItsMaximumAndABudgetAtZeroAreFound) {
  const api::WorkloadRef web{"apps/v1", "Deployment", "web", "u"};
  json hpa = {
      {"spec", {{"scaleTargetRef", {{"kind", "Deployment"}, {"name", "web"}}}, {"maxReplicas", 4}}},
      {"status", {{"currentReplicas", 4}}}};
  EXPECT_TRUE(atMaximum(web, {hpa}));
  hpa["status"]["currentReplicas"] = 3;
  EXPECT_FALSE(atMaximum(web, {hpa}));
  json pdb = {{"spec", {{"selector", {{"matchLabels", {{"app", "web"}}}}}}},
              {"status", {{"expectedPods", 3}, {"disruptionsAllowed", 0}}}};
  pdb["metadata"]["name"] = "one";
  const auto read = [](const char* app, const std::vector<json>& budgets) {
    engine::Owner owner;
    readBudgets({{"app", app}}, budgets, owner);
    return owner;
  };
  EXPECT_FALSE(read("web", {pdb}).disruptions_allowed);
  EXPECT_TRUE(read("other", {pdb}).disruptions_allowed);
  pdb["status"]["disruptionsAllowed"] = 1;
  EXPECT_TRUE(read("web", {pdb}).disruptions_allowed);
  json all = pdb;
  all["metadata"]["name"] = "all";
  all["spec"]["selector"] = json::object();
  EXPECT_THAT(read("web", {pdb, all}).budgets, testing::ElementsAre("one", "all"));
  EXPECT_THAT(read("other", {pdb, all}).budgets, testing::ElementsAre("all"));
}

TEST(Owner, MinReadySecondsMakePodsAvailableLater) {
  const json status = {{"availableReplicas", 3}, {"numberAvailable", 2}};
  EXPECT_FALSE(ownerOf("Deployment", deployment({{"replicas", 4}}, status)).available);
  const json spec = {{"replicas", 4}, {"minReadySeconds", 60}};
  EXPECT_EQ(ownerOf("Deployment", deployment(spec, status)).available, 3);
  EXPECT_EQ(ownerOf("StatefulSet", deployment(spec, status)).available, 3);
  EXPECT_EQ(ownerOf("DaemonSet", deployment(spec, status)).available, 2);
}

struct Acted {
  Status status;
  net::Request request;
};
Acted done(const engine::Action& action, const api::WorkloadRef& workload, int http = 200) {
  FakeHttp fake;
  fake.onSend([http](const net::Request&) {
    return FakeHttp::json(http, R"({"kind":"Status","reason":"X","message":"m"})");
  });
  kube::Client client(fake);
  const Status status = perform(client, "shop", workload, action, "2026-08-03T12:00:00Z", {});
  return {status, fake.calls().empty() ? net::Request{} : fake.calls().front().request};
}
const api::WorkloadRef kWeb{"apps/v1", "Deployment", "web", "owner-uid"};

TEST(Act, EvictionHasTheUidAsPrecondition) {
  const Acted a = done({engine::Action::Kind::kEvict, "web-1", "pod-uid", ""}, kWeb);
  EXPECT_THAT(a.request.target, HasSubstr("/namespaces/shop/pods/web-1/eviction"));
  EXPECT_THAT(a.request.body, HasSubstr(R"("preconditions":{"uid":"pod-uid"})"));
}

TEST(Act, AReplacedPodAndADisruptionBudgetHaveCodesOfTheirOwn) {
  const engine::Action evict{engine::Action::Kind::kEvict, "web-1", "pod-uid", ""};
  EXPECT_EQ(done(evict, kWeb, 404).status.code(), Code::kNotFound);
  EXPECT_EQ(done(evict, kWeb, 409).status.code(), Code::kConflict);
  EXPECT_EQ(done(evict, kWeb, 429).status.code(), Code::kRateLimited);
}

TEST(Act, ARestartWritesOneAnnotationOfOurOwnAndNeverContainersEnvOrReplicas) {
  const Acted a = done({engine::Action::Kind::kRolloutRestart, "", "", "rev-1"}, kWeb);
  EXPECT_THAT(a.request.target,
              HasSubstr("deployments/web?fieldManager=profiling-operator-restarts"));
  const json body = json::parse(a.request.body);
  EXPECT_EQ(
      body["spec"],
      json::parse(
          R"({"template":{"metadata":{"annotations":{"profiling.dev/restarted-for":"rev-1"}}}})"));
  EXPECT_EQ(body["metadata"]["uid"], "owner-uid");
}

TEST(Act, AnArgoRolloutIsRestartedByRestartAt) {
  const Acted a = done({engine::Action::Kind::kRolloutRestart, "", "", "rev-1"},
                       {"argoproj.io/v1alpha1", "Rollout", "web", "owner-uid"});
  const json body = json::parse(a.request.body);
  EXPECT_EQ(body["spec"], json::parse(R"({"restartAt":"2026-08-03T12:00:00Z"})"))
      << "a template beside a workloadRef is invalid";
  EXPECT_EQ(body["metadata"]["annotations"],
            json::parse(R"({"profiling.dev/restarted-for":"rev-1"})"));
}

TEST(Act, AKindWithoutATemplateIsAnErrorWithARemedy) {
  const Acted a = done({engine::Action::Kind::kRolloutRestart, "", "", "rev-1"},
                       {"example.com/v1", "Fleet", "web", "owner-uid"});
  EXPECT_EQ(a.status.code(), Code::kInvalidArgument);
  EXPECT_THAT(a.status.message(), HasSubstr("'Evict'"));
}

TEST(PlanOf, ProfilesAreQueriedOnlyFromOurOwnServers) {
  api::EffectivePolicy e;
  e.revision = "r";
  EXPECT_TRUE(planOf(e).immediate());
  e.policy.spec.rollout.emplace();
  e.policy.spec.endpoint = api::Endpoint{"http://x", ""};
  EXPECT_FALSE(planOf(e).gates.profiles_within);
  e.policy.spec.endpoint.reset();
  e.policy.spec.server_ref = api::ServerRef{"pyroscope", ""};
  EXPECT_EQ(planOf(e).gates.profiles_within, std::chrono::minutes(3));
}

TEST(Revisions, RevisionsInUseAndTheNewestAreKept) {
  api::Revisions all;
  for (int i = 1; i <= 9; ++i) {
    auto revision = std::make_shared<api::Revision>();
    revision->hash = "r" + std::to_string(i);
    revision->number = i;
    all.push_back(revision);
  }
  const api::Revisions gone = prunable(all, {"r1", "r2"});
  ASSERT_EQ(gone.size(), 2U);
  for (const auto& revision : gone) EXPECT_THAT(revision->hash, testing::AnyOf("r3", "r4"));
}

TEST(StatusPatch, FieldsGoneFromANestedObjectAreRemoved) {
  const json from = {{"rollout", {{"state", "Stepping"}, {"targetPods", 1}}}, {"phase", "Partial"}};
  const json to = {{"rollout", {{"state", "Stepping"}}}, {"phase", "Partial"}};
  EXPECT_EQ((*statusPatch("u", from, to))["status"],
            json::parse(R"({"rollout":{"targetPods":null}})"));
  EXPECT_FALSE(statusPatch("u", to, to));
}

}  // namespace
}  // namespace profiling::controllers
