#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/policy/decide.h"
#include "controllers/policy/reconciler.h"
#include "operator/api/v1alpha1/codec.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/controllers/builders.h"
#include "tests/unit/controllers/fake_api.h"

namespace profiling::controllers {
namespace {

using testing::HasSubstr;

const api::AgentImages kAgents{{{"java:1", "1"}, {"python:1", "1"}, {"node:1", "1"}}};

api::ProfilingServer readyServer() {
  api::ProfilingServer server = test::s3Server();
  server.spec.allowed_namespaces.from = api::AllowFrom::kAll;
  server.status.conditions = {{"Ready", "True", "ServerReady", "ready", test::kNow, 3}};
  return server;
}

struct Row {
  const char* sentence;
  void (*change)(api::ProfilingPolicy&, api::ProfilingServer&);
  bool server_exists;
  const char* phase;
  const char* available;  // "True Reason"
  std::vector<const char*> words;
};
class DecidePolicy : public testing::TestWithParam<Row> {};

TEST_P(DecidePolicy, Says) {
  const Row& row = GetParam();
  api::ProfilingPolicy policy = test::policy();
  api::ProfilingServer server = readyServer();
  row.change(policy, server);
  const auto status = decidePolicy(
      {policy, row.server_exists ? &server : nullptr, {{"team", "shop"}}, kAgents, 5, test::kNow});
  EXPECT_EQ(status.phase, row.phase) << row.sentence;
  const api::Condition* available = api::findCondition(status.conditions, "ServerAvailable");
  const api::Condition* ready = api::findCondition(status.conditions, "Ready");
  ASSERT_TRUE(available != nullptr && ready != nullptr);
  EXPECT_EQ(available->status + " " + available->reason, row.available) << row.sentence;
  EXPECT_EQ(ready->status, available->status) << row.sentence;
  for (const char* word : row.words)
    EXPECT_THAT(available->message, HasSubstr(word)) << row.sentence;
  EXPECT_EQ(status.observed_generation, 2);
  EXPECT_EQ(ready->observed_generation, 2);
  EXPECT_EQ(status.profiled_pods, 5);
  EXPECT_EQ(status.target_revision.size(), 10U);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DecidePolicy,
    testing::Values(
        Row{"a policy whose server is ready is active",
            [](auto&, auto&) {},
            true,
            "Active",
            "True ServerReady",
            {"profiling/pyroscope", "http://pyroscope.profiling.svc:4040"}},
        Row{"a policy without its server is degraded and says what to do",
            [](auto&, auto&) {},
            false,
            "Degraded",
            "False ServerNotFound",
            {"spec.serverRef", "'profiling/pyroscope'", "create it"}},
        Row{"a server that does not admit the namespace is named with the remedy",
            [](auto&, auto& s) { s.spec.allowed_namespaces.from = api::AllowFrom::kSame; },
            true,
            "Degraded",
            "False ServerNotGranted",
            {"spec.allowedNamespaces", "'shop'", "'Selector'"}},
        Row{"the namespace's labels grant",
            [](auto&, auto& s) {
              s.spec.allowed_namespaces.from = api::AllowFrom::kSelector;
              s.spec.allowed_namespaces.selector.match_labels = {{"team", "shop"}};
            },
            true,
            "Active",
            "True ServerReady",
            {}},
        Row{"a server that is not ready degrades the policy and passes its reason on",
            [](auto&, auto& s) {
              s.status.conditions = {{"Ready", "False", "SecretNotFound", "no Secret 'x'", "", 3}};
            },
            true,
            "Degraded",
            "False ServerNotReady",
            {"SecretNotFound", "no Secret 'x'"}},
        Row{"a server that nobody has looked at yet is not ready",
            [](auto&, auto& s) { s.status.conditions.clear(); },
            true,
            "Degraded",
            "False ServerNotReady",
            {"not been set up yet"}},
        Row{"an endpoint of the user's own is taken as given",
            [](auto& p, auto&) {
              p.spec.server_ref.reset();
              p.spec.endpoint = api::Endpoint{"https://pyroscope.example", ""};
            },
            false,
            "Active",
            "True EndpointGiven",
            {"https://pyroscope.example", "not probe"}},
        Row{"a reference without a namespace is in the policy's own",
            [](auto& p, auto& s) {
              p.spec.server_ref->namespace_.clear();
              s.metadata.namespace_ = "shop";
            },
            true,
            "Active",
            "True ServerReady",
            {"'shop/pyroscope'"}}));

TEST(DecidePolicy, WhatIsMissingSaysWhatItMeansForPods) {
  const api::ProfilingPolicy policy = test::policy();
  const auto status = decidePolicy({policy, nullptr, {}, kAgents, 0, test::kNow});
  EXPECT_THAT(api::findCondition(status.conditions, "Ready")->message,
              HasSubstr("new pods are not profiled"));
}

struct Cluster {
  test::FakeApi http;
  kube::Client client{http};
  test::FakeClock clock;
  kube::Store<api::ProfilingPolicy> policies;
  kube::Store<api::ProfilingServer> servers;
  kube::Store<NamespaceRecord> namespaces;
  kube::Store<ProfiledPodRecord> pods;
  PolicyReconciler reconciler{client, {policies, servers, namespaces, pods}, kAgents, clock};
  std::stop_source stop;

  void policy(const api::ProfilingPolicy& p) {
    policies.publish({{"shop/shop", std::make_shared<const api::ProfilingPolicy>(p)}});
    http.put("profilingpolicies", api::toJson(p));
  }
  Outcome reconcile() { return reconciler.reconcile("shop/shop", stop.get_token()); }
};

TEST(PolicyReconciler, CountsTheLivePodsOfThePolicyInItsNamespace) {
  Cluster c;
  c.policy(test::policy());
  const auto pod = [](const char* policy, bool finished) {
    return std::make_shared<const ProfiledPodRecord>(ProfiledPodRecord{policy, finished});
  };
  c.pods.publish({{"sho/a", pod("shop", false)},
                  {"shop/a", pod("shop", false)},
                  {"shop/b", pod("shop", false)},
                  {"shop/c", pod("shop", true)},
                  {"shop/d", pod("other", false)},
                  {"shop2/a", pod("shop", false)}});
  EXPECT_TRUE(c.reconcile().status.ok());
  ASSERT_EQ(
      c.http.writtenPaths(),
      std::vector<std::string>{"/apis/profiling.dev/v1alpha1/namespaces/shop/profilingpolicies/"
                               "shop/status"});
  const auto status = c.http.get("profilingpolicies", "shop", "shop")->at("status");
  EXPECT_EQ(status.at("profiledPods"), 2);
  EXPECT_EQ(status.at("phase"), "Degraded");
}

TEST(PolicyReconciler, WritesOnlyWhatChanged) {
  Cluster c;
  c.policy(test::policy());
  EXPECT_TRUE(c.reconcile().status.ok());
  const auto stored = api::policyFromJson(*c.http.get("profilingpolicies", "shop", "shop"));
  ASSERT_TRUE(stored.ok()) << stored.status().toString();
  c.policy(*stored);
  c.http.clearWrites();
  c.clock.advance(std::chrono::hours(1));
  EXPECT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.http.writes().empty());
}

TEST(PolicyReconciler, ANewPolicyWithoutPodsSaysZero) {
  Cluster c;
  c.policy(test::policy());
  EXPECT_TRUE(c.reconcile().status.ok());
  EXPECT_EQ(c.http.writes().at(0).body.at("status").at("profiledPods"), 0);
}

TEST(PolicyReconciler, APolicyMadeAnewMeanwhileIsNotWrittenTo) {
  Cluster c;
  c.policy(test::policy());
  auto other = api::toJson(test::policy());
  other["metadata"]["uid"] = "another";
  c.http.put("profilingpolicies", other);
  EXPECT_EQ(c.reconcile().status.code(), Code::kConflict);
}

TEST(PolicyReconciler, APolicyThatIsGoneIsNoError) {
  Cluster c;
  EXPECT_TRUE(c.reconcile().status.ok());
  c.policy(test::policy());
  c.http.remove("profilingpolicies", "shop", "shop");
  EXPECT_TRUE(c.reconcile().status.ok());
}

}  // namespace
}  // namespace profiling::controllers
