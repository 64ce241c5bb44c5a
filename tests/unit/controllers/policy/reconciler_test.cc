#include "controllers/policy/reconciler.h"

#include <gtest/gtest.h>

#include "controllers/revisions/resolved.h"
#include "operator/api/v1alpha1/codec.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/controllers/builders.h"
#include "tests/unit/controllers/fake_api.h"

namespace profiling::controllers {
namespace {

const api::AgentImages kAgents{{{"java:1", "1"}, {"python:1", "1"}, {"node:1", "1"}}};

inject::Settings settings() {
  inject::Settings s;
  s.agents = kAgents;
  s.operator_namespace = "profiling-system";
  return s;
}

struct Cluster {
  test::FakeApi http;
  kube::Client client{http};
  test::FakeClock clock;
  kube::Store<api::ProfilingPolicy> policies;
  kube::Store<api::ClusterProfilingPolicy> cluster_policies;
  kube::Store<api::ProfilingServer> servers;
  kube::Store<NamespaceRecord> namespaces;
  PodTable pods;
  kube::Store<api::Revision> revisions;
  ResolvedPolicies resolved{
      {policies, cluster_policies, servers, namespaces, revisions}, kAgents, "profiling-system"};
  WorkloadIndex workloads{pods, [this] { return resolved.current(); }, settings()};
  PolicyReconciler reconciler{
      client, {policies, cluster_policies, servers, namespaces, revisions}, workloads, clock};
  std::stop_source stop;

  void policy(const api::ProfilingPolicy& p) {
    policies.publish({{"shop/shop", std::make_shared<const api::ProfilingPolicy>(p)}});
    http.put("profilingpolicies", api::toJson(p));
  }
  void clusterPolicy(const api::ClusterProfilingPolicy& p) {
    cluster_policies.publish({{"all", std::make_shared<const api::ClusterProfilingPolicy>(p)}});
    http.put("clusterprofilingpolicies", api::toJson(p));
  }
  void pod(const char* namespace_, const char* name, bool profiled, std::uint8_t flags = 0) {
    inject::PodFacts facts;
    facts.namespace_ = namespace_;
    facts.name = name;
    facts.inject = "true";
    if (profiled) facts.labels = {{"profiling.dev/profiled", "0123456789"}};
    facts.flags = flags;
    pods.upsert(facts);
  }
  Outcome reconcile() { return reconciler.reconcile("shop/shop", stop.get_token()); }
};

TEST(PolicyReconciler, CountsThePodsOfItsNamespaceThatItDecidesAbout) {
  Cluster c;
  c.policy(test::policy());
  c.pod("sho", "a", true);
  c.pod("shop", "a", true, inject::kPodReady);
  c.pod("shop", "b", true);
  c.pod("shop", "c", true, inject::kPodFinished);
  c.pod("shop", "d", false);
  c.pod("shop2", "a", true);
  EXPECT_TRUE(c.reconcile().status.ok());
  ASSERT_EQ(
      c.http.writtenPaths(),
      std::vector<std::string>{"/apis/profiling.dev/v1alpha1/namespaces/shop/profilingpolicies/"
                               "shop/status"});
  const auto status = c.http.get("profilingpolicies", "shop", "shop")->at("status");
  EXPECT_EQ(status.at("pods").at("matched"), 3);
  EXPECT_EQ(status.at("pods").at("profiled"), 2);
  EXPECT_EQ(status.at("pods").at("ready"), 1);
  EXPECT_EQ(status.at("pods").at("skipped"), 1);
  EXPECT_EQ(status.at("skippedReasons").at(0).at("reason"), "ServerUnavailable");
  EXPECT_EQ(status.at("phase"), "Degraded");
}

TEST(PolicyReconciler, CountsThePodsOfAClusterPolicyInEveryNamespace) {
  Cluster c;
  c.clusterPolicy(test::clusterPolicy());
  c.policy(test::policy());
  c.namespaces.publish(
      {{"shop", std::make_shared<const NamespaceRecord>(NamespaceRecord{"shop", {}, {}})},
       {"web", std::make_shared<const NamespaceRecord>(NamespaceRecord{"web", {}, {}})},
       {"kube-system",
        std::make_shared<const NamespaceRecord>(NamespaceRecord{"kube-system", {}, {}})}});
  c.resolved.changed();
  c.pod("shop", "a", true);
  c.pod("web", "a", true);
  c.pod("web", "b", true);
  c.pod("kube-system", "a", true);
  EXPECT_TRUE(c.reconciler.reconcile("all", c.stop.get_token()).status.ok());
  ASSERT_EQ(
      c.http.writtenPaths(),
      std::vector<std::string>{"/apis/profiling.dev/v1alpha1/clusterprofilingpolicies/all/status"});
  const auto status = c.http.get("clusterprofilingpolicies", "", "all")->at("status");
  EXPECT_EQ(status.at("pods").at("profiled"), 2) << "the namespace's own policy has precedence";
  EXPECT_EQ(status.at("shadowedBy").at(0).at("name"), "shop");
  EXPECT_EQ(status.at("shadowedBy").at(0).at("workloads"), 1);
  EXPECT_EQ(status.at("phase"), "Degraded");
  EXPECT_EQ(status.at("observedGeneration"), 2);
}

TEST(WorkloadIndex, UnusedEvaluationsDoNotKeepAnOldSnapshot) {
  Cluster c;
  c.policy(test::policy());
  c.pod("shop", "a", true);
  c.workloads.each("", [](const std::string&, const WorkloadEvaluation&) {});
  const std::weak_ptr<const inject::Snapshot> old = c.resolved.current();
  ASSERT_FALSE(old.expired());
  c.resolved.changed();
  EXPECT_NE(c.resolved.current(), nullptr);
  EXPECT_TRUE(old.expired());
}

TEST(PolicyReconciler, WritesOnlyChanges) {
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

TEST(PolicyReconciler, ANewPolicyWithoutPodsReportsZero) {
  Cluster c;
  c.policy(test::policy());
  EXPECT_TRUE(c.reconcile().status.ok());
  EXPECT_EQ(c.http.writes().at(0).body.at("status").at("pods").at("profiled"), 0);
}

TEST(PolicyReconciler, ARecreatedPolicyIsNotWrittenTo) {
  Cluster c;
  c.policy(test::policy());
  auto other = api::toJson(test::policy());
  other["metadata"]["uid"] = "another";
  c.http.put("profilingpolicies", other);
  EXPECT_EQ(c.reconcile().status.code(), Code::kConflict);
}

TEST(PolicyReconciler, ADeletedPolicyIsNoError) {
  Cluster c;
  EXPECT_TRUE(c.reconcile().status.ok());
  c.policy(test::policy());
  c.http.remove("profilingpolicies", "shop", "shop");
  EXPECT_TRUE(c.reconcile().status.ok());
}

}  // namespace
}  // namespace profiling::controllers
