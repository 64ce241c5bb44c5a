#include "operator/inject/snapshot.h"

#include <gtest/gtest.h>

namespace profiling::inject {
namespace {

using Policies = Records<api::ProfilingPolicy>;
using Servers = Records<api::ProfilingServer>;
using Namespaces = Records<NamespaceRecord>;

std::shared_ptr<api::ProfilingPolicy> policy(std::string name, std::string server_namespace = "") {
  auto p = std::make_shared<api::ProfilingPolicy>();
  p->metadata.name = std::move(name);
  p->metadata.namespace_ = "shop";
  p->spec.server_ref = api::ServerRef{"pyroscope", std::move(server_namespace)};
  return p;
}

std::shared_ptr<api::ProfilingServer> server(std::string namespace_, api::AllowFrom from) {
  auto s = std::make_shared<api::ProfilingServer>();
  s->metadata.name = "pyroscope";
  s->metadata.namespace_ = std::move(namespace_);
  s->spec.allowed_namespaces.from = from;
  s->spec.allowed_namespaces.selector.match_labels = {{"profiled", "yes"}};
  return s;
}

std::shared_ptr<NamespaceRecord> shop(std::map<std::string, std::string> labels = {},
                                      std::optional<std::string> inject = {}) {
  return std::make_shared<NamespaceRecord>(
      NamespaceRecord{"shop", std::move(labels), std::move(inject)});
}

const api::EffectivePolicy& only(const Snapshot& s) {
  return *s.of("shop").policies.at(0);
}

TEST(Snapshot, NamespacesWithoutPolicyOrAnnotationAreLeftOut) {
  auto quiet = std::make_shared<NamespaceRecord>(NamespaceRecord{"quiet", {{"a", "b"}}, {}});
  const auto s = buildSnapshot({}, {}, {}, {{"quiet", quiet}, {"shop", shop({}, "java")}}, {});
  EXPECT_EQ(s->namespaces.size(), 1U);
  EXPECT_EQ(s->of("shop").inject, "java");
  EXPECT_TRUE(s->of("shop").policies.empty());
}

TEST(Snapshot, AServerInThePolicysNamespaceNeedsNoGrant) {
  const auto s = buildSnapshot({{"shop/p", policy("p")}}, {},
                               {{"shop/pyroscope", server("shop", api::AllowFrom::kSame)}}, {}, {});
  EXPECT_EQ(only(*s).server_url, "http://pyroscope.shop.svc:4040");
}

TEST(Snapshot, GrantsOfAnotherNamespace) {
  const struct {
    api::AllowFrom from;
    bool labelled, granted;
  } cases[] = {{api::AllowFrom::kSame, true, false},
               {api::AllowFrom::kAll, false, true},
               {api::AllowFrom::kSelector, true, true},
               {api::AllowFrom::kSelector, false, false}};
  for (const auto& c : cases) {
    Namespaces namespaces;
    if (c.labelled) namespaces["shop"] = shop({{"profiled", "yes"}});
    const auto s =
        buildSnapshot({{"shop/p", policy("p", "profiling")}}, {},
                      {{"profiling/pyroscope", server("profiling", c.from)}}, namespaces, {});
    EXPECT_EQ(only(*s).server_url, c.granted ? "http://pyroscope.profiling.svc:4040" : "");
    EXPECT_EQ(only(*s).server_reason, c.granted ? "" : "ServerNotGranted");
  }
}

TEST(Snapshot, APolicyWithoutItsServerIsKeptWithTheReason) {
  const auto s = buildSnapshot({{"shop/p", policy("p")}}, {}, {}, {}, {});
  EXPECT_EQ(only(*s).server_url, "");
  EXPECT_EQ(only(*s).server_reason, "ServerNotFound");
}

TEST(Snapshot, TenancyMakesTheNamespaceTheTenant) {
  auto tenants = server("profiling", api::AllowFrom::kAll);
  tenants->spec.tenancy.enabled = true;
  const auto s = buildSnapshot({{"shop/p", policy("p", "profiling")}}, {},
                               {{"profiling/pyroscope", tenants}}, {}, {});
  EXPECT_EQ(only(*s).tenant_id, "shop");
}

TEST(Snapshot, PoliciesAreBestFirstWithoutThoseUnderDeletion) {
  auto low = policy("a"), high = policy("b"), gone = policy("c");
  low->spec.priority = -1;
  high->spec.priority = 1;
  gone->spec.priority = 100;
  gone->metadata.deleting = true;
  const auto s =
      buildSnapshot({{"shop/a", low}, {"shop/b", high}, {"shop/c", gone}}, {}, {}, {}, {});
  const auto& list = s->of("shop").policies;
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]->policy.metadata.name, "b");
  EXPECT_EQ(list[1]->policy.metadata.name, "a");
}

TEST(Snapshot, TheRevisionFollowsTheAgentImages) {
  const Policies policies{{"shop/p", policy("p")}};
  api::AgentImages agents;
  const auto before = only(*buildSnapshot(policies, {}, {}, {}, agents)).revision;
  agents[0].image = "registry/agent-java:2";
  const auto after = only(*buildSnapshot(policies, {}, {}, {}, agents)).revision;
  EXPECT_EQ(before.size(), 10U);
  EXPECT_NE(before, after);
}

std::shared_ptr<api::ClusterProfilingPolicy> clusterPolicy(std::string name) {
  auto p = std::make_shared<api::ClusterProfilingPolicy>();
  p->metadata.name = std::move(name);
  p->spec.server_ref = api::ServerRef{"pyroscope", "profiling"};
  return p;
}

std::shared_ptr<NamespaceRecord> named(std::string name,
                                       std::map<std::string, std::string> labels = {}) {
  return std::make_shared<NamespaceRecord>(NamespaceRecord{std::move(name), std::move(labels), {}});
}

Servers servers(api::AllowFrom from) {
  return {{"profiling/pyroscope", server("profiling", from)}};
}

TEST(Snapshot, AClusterPolicyIsOneObjectInEveryNamespaceThatSeesItAlike) {
  const auto s = buildSnapshot({}, {{"all", clusterPolicy("all")}}, servers(api::AllowFrom::kAll),
                               {{"a", named("a")}, {"b", named("b")}}, {});
  ASSERT_EQ(s->of("a").policies.size(), 1U);
  const api::EffectivePolicy& policy = *s->of("a").policies[0];
  EXPECT_TRUE(policy.cluster);
  EXPECT_EQ(policy.policy.metadata.name, "all");
  EXPECT_EQ(policy.server_url, "http://pyroscope.profiling.svc:4040");
  EXPECT_EQ(s->of("b").policies, s->of("a").policies);
}

TEST(Snapshot, AClusterPolicyIsInTheNamespacesThatItSelects) {
  auto selected = clusterPolicy("selected"), gone = clusterPolicy("gone");
  selected->spec.namespace_selector.match_labels = {{"profiled", "yes"}};
  gone->metadata.deleting = true;
  const auto s =
      buildSnapshot({}, {{"gone", gone}, {"selected", selected}}, servers(api::AllowFrom::kAll),
                    {{"a", named("a", {{"profiled", "yes"}})}, {"b", named("b")}}, {});
  EXPECT_EQ(s->of("a").policies.size(), 1U);
  EXPECT_TRUE(s->of("b").policies.empty());
}

TEST(Snapshot, TheGrantFollowsThePodsNamespace) {
  const auto s = buildSnapshot(
      {}, {{"all", clusterPolicy("all")}}, servers(api::AllowFrom::kSelector),
      {{"a", named("a", {{"profiled", "yes"}})}, {"b", named("b")}, {"c", named("c")}}, {});
  EXPECT_NE(s->of("a").policies.at(0)->server_url, "");
  EXPECT_EQ(s->of("b").policies.at(0)->server_url, "");
  EXPECT_EQ(s->of("b").policies.at(0)->server_reason, "ServerNotGranted");
  EXPECT_EQ(s->of("b").policies, s->of("c").policies);
}

TEST(Snapshot, ANamespacesPolicyComesBeforeAClusterPolicyOfEqualPriority) {
  auto own = policy("own", "profiling");
  own->metadata.creation_timestamp = "2026-08-02T00:00:00Z";
  auto low = clusterPolicy("low"), high = clusterPolicy("high");
  low->metadata.creation_timestamp = high->metadata.creation_timestamp = "2026-08-01T00:00:00Z";
  high->spec.priority = 1;
  const auto s = buildSnapshot({{"shop/own", own}}, {{"high", high}, {"low", low}},
                               servers(api::AllowFrom::kAll), {{"shop", shop()}}, {});
  std::vector<std::string> names;
  for (const auto& p : s->of("shop").policies) names.push_back(p->policy.metadata.name);
  EXPECT_EQ(names, (std::vector<std::string>{"high", "own", "low"}));
}

TEST(Snapshot, WithAClusterPolicyAnUnseenNamespaceIsMarked) {
  EXPECT_TRUE(buildSnapshot({}, {}, {}, {{"shop", shop()}}, {})->of("new").view("new").seen);
  auto elsewhere = clusterPolicy("p");
  elsewhere->spec.namespace_selector.match_labels = {{"profiled", "yes"}};
  const auto s = buildSnapshot({}, {{"p", elsewhere}}, {}, {{"shop", shop()}}, {});
  EXPECT_TRUE(s->of("shop").view("shop").seen);
  EXPECT_FALSE(s->of("new").view("new").seen);
}

TEST(NamespaceRecord, IsReadFromMetadata) {
  api::ObjectMeta metadata;
  metadata.name = "shop";
  metadata.labels = {{"team", "shop"}};
  EXPECT_EQ(namespaceRecord(metadata).inject, std::nullopt);
  metadata.annotations = {{"profiling.dev/inject", "java"}, {"other", "x"}};
  const NamespaceRecord record = namespaceRecord(metadata);
  EXPECT_EQ(record.name, "shop");
  EXPECT_EQ(record.labels, metadata.labels);
  EXPECT_EQ(record.inject, "java");
}

}  // namespace
}  // namespace profiling::inject
