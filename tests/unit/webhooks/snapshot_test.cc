#include "webhooks/snapshot.h"

#include <gtest/gtest.h>

namespace profiling::webhooks {
namespace {

using Policies = kube::Store<api::ProfilingPolicy>::Map;
using Servers = kube::Store<api::ProfilingServer>::Map;
using Namespaces = kube::Store<NamespaceRecord>::Map;

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
  return *s.at("shop").policies.at(0);
}

TEST(Snapshot, NamespacesThatConcernNobodyAreLeftOut) {
  auto quiet = std::make_shared<NamespaceRecord>(NamespaceRecord{"quiet", {{"a", "b"}}, {}});
  const auto s = buildSnapshot({}, {}, {{"quiet", quiet}, {"shop", shop({}, "java")}}, {});
  EXPECT_EQ(s->size(), 1U);
  EXPECT_EQ(s->at("shop").inject, "java");
  EXPECT_TRUE(s->at("shop").policies.empty());
}

TEST(Snapshot, AServerOfTheOwnNamespaceNeedsNoGrant) {
  const auto s = buildSnapshot({{"shop/p", policy("p")}},
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
        buildSnapshot({{"shop/p", policy("p", "profiling")}},
                      {{"profiling/pyroscope", server("profiling", c.from)}}, namespaces, {});
    EXPECT_EQ(only(*s).server_url, c.granted ? "http://pyroscope.profiling.svc:4040" : "");
    EXPECT_EQ(only(*s).server_reason, c.granted ? "" : "ServerNotGranted");
  }
}

TEST(Snapshot, APolicyWithoutItsServerIsKeptWithTheReason) {
  const auto s = buildSnapshot({{"shop/p", policy("p")}}, {}, {}, {});
  EXPECT_EQ(only(*s).server_url, "");
  EXPECT_EQ(only(*s).server_reason, "ServerNotFound");
}

TEST(Snapshot, TenancyMakesTheNamespaceTheTenant) {
  auto tenants = server("profiling", api::AllowFrom::kAll);
  tenants->spec.tenancy.enabled = true;
  const auto s = buildSnapshot({{"shop/p", policy("p", "profiling")}},
                               {{"profiling/pyroscope", tenants}}, {}, {});
  EXPECT_EQ(only(*s).tenant_id, "shop");
}

TEST(Snapshot, BestFirstWithoutThoseThatAreBeingDeleted) {
  auto low = policy("a"), high = policy("b"), gone = policy("c");
  low->spec.priority = -1;
  high->spec.priority = 1;
  gone->spec.priority = 100;
  gone->metadata.deleting = true;
  const auto s = buildSnapshot({{"shop/a", low}, {"shop/b", high}, {"shop/c", gone}}, {}, {}, {});
  const auto& list = s->at("shop").policies;
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]->policy.metadata.name, "b");
  EXPECT_EQ(list[1]->policy.metadata.name, "a");
}

TEST(Snapshot, TheRevisionFollowsTheAgentImages) {
  const Policies policies{{"shop/p", policy("p")}};
  api::AgentImages agents;
  const auto before = only(*buildSnapshot(policies, {}, {}, agents)).revision;
  agents[0].image = "registry/agent-java:2";
  const auto after = only(*buildSnapshot(policies, {}, {}, agents)).revision;
  EXPECT_EQ(before.size(), 10U);
  EXPECT_NE(before, after);
}

}  // namespace
}  // namespace profiling::webhooks
