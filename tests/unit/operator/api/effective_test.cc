#include "operator/api/effective.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::api {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using Labels = std::map<std::string, std::string>;

const AgentImages kAgents{{{"localhost/agent-java:1", "1"},
                           {"localhost/agent-python:2", "2"},
                           {"localhost/agent-node:3", "3"}}};

ProfilingPolicy policy() {
  ProfilingPolicy p;
  p.metadata.name = "shop";
  p.metadata.namespace_ = "shop";
  p.spec.server_ref = ServerRef{"pyroscope", "profiling"};
  return p;
}

ProfilingServer server(AllowFrom from = AllowFrom::kAll) {
  ProfilingServer s;
  s.metadata.name = "pyroscope";
  s.metadata.namespace_ = "profiling";
  s.spec.allowed_namespaces.from = from;
  return s;
}

TEST(Grants, TheServersOwnNamespaceAlways) {
  for (const AllowFrom from : {AllowFrom::kSame, AllowFrom::kAll, AllowFrom::kSelector}) {
    ProfilingServer s = server(from);
    s.spec.allowed_namespaces.selector.match_labels = {{"nobody", "has-this"}};
    EXPECT_TRUE(grants(s, "profiling", {}));
  }
}

TEST(Grants, OtherNamespacesFollowAllowedNamespaces) {
  const Labels labels{{"profiling", "yes"}};
  EXPECT_FALSE(grants(server(AllowFrom::kSame), "shop", labels));
  EXPECT_TRUE(grants(server(AllowFrom::kAll), "shop", {}));
  ProfilingServer s = server(AllowFrom::kSelector);
  s.spec.allowed_namespaces.selector.match_labels = {{"profiling", "yes"}};
  EXPECT_TRUE(grants(s, "shop", labels));
  EXPECT_FALSE(grants(s, "shop", {{"profiling", "no"}}));
  EXPECT_FALSE(grants(s, "shop", {}));
}

TEST(Effective, AnEndpointIsUsedAsWritten) {
  ProfilingPolicy p = policy();
  p.spec.server_ref.reset();
  p.spec.endpoint = Endpoint{"https://pyroscope.example.com/base", "team"};
  const auto e = makeEffective(p, nullptr, {}, kAgents);
  EXPECT_EQ(e.server_url, "https://pyroscope.example.com/base");
  EXPECT_EQ(e.tenant_id, "team");
  EXPECT_EQ(e.server_reason, "");
  EXPECT_EQ(e.server_problem, "");
  EXPECT_THAT(e.revision, MatchesRegex("[0-9a-f]{10}"));
}

TEST(Effective, AServerBecomesTheUrlOfItsService) {
  const ProfilingServer s = server();
  const auto e = makeEffective(policy(), &s, {}, kAgents);
  EXPECT_EQ(e.server_url, "http://pyroscope.profiling.svc:4040");
  EXPECT_EQ(e.tenant_id, "");
  EXPECT_EQ(e.server_reason, "");
}

TEST(Effective, WithTenancyTheNamespaceIsTheTenant) {
  ProfilingServer s = server();
  s.spec.tenancy.enabled = true;
  EXPECT_EQ(makeEffective(policy(), &s, {}, kAgents).tenant_id, "shop");
}

TEST(Effective, AServerWithoutConditionsOrWithGoodOnesIsUsed) {
  ProfilingServer s = server();
  s.status.conditions = {{"ConfigValid", "True", "Valid", "", "", 1},
                         {"Ready", "False", "R", "", "", 1}};
  EXPECT_EQ(makeEffective(policy(), &s, {}, kAgents).server_url,
            "http://pyroscope.profiling.svc:4040")
      << "a server that restarts must not stop injection: agents retry";
}

TEST(Effective, NoServerNamesFieldValueAndRemedy) {
  const auto e = makeEffective(policy(), nullptr, {}, kAgents);
  EXPECT_EQ(e.server_url, "");
  EXPECT_EQ(e.server_reason, "ServerNotFound");
  EXPECT_THAT(e.server_problem,
              AllOf(HasSubstr("spec.serverRef"), HasSubstr("'profiling/pyroscope'"),
                    HasSubstr("create it"), HasSubstr("spec.endpoint")));
}

TEST(Effective, WithoutANamespaceTheServerIsThePolicysOwn) {
  ProfilingPolicy p = policy();
  p.spec.server_ref->namespace_.clear();
  EXPECT_THAT(makeEffective(p, nullptr, {}, kAgents).server_problem, HasSubstr("'shop/pyroscope'"));
}

TEST(Effective, NoGrantNamesFieldValueAndRemedy) {
  const ProfilingServer same = server(AllowFrom::kSame);
  auto e = makeEffective(policy(), &same, {}, kAgents);
  EXPECT_EQ(e.server_url, "");
  EXPECT_EQ(e.server_reason, "ServerNotGranted");
  EXPECT_THAT(e.server_problem,
              AllOf(HasSubstr("spec.serverRef"), HasSubstr("'profiling/pyroscope'"),
                    HasSubstr("namespace 'shop'"), HasSubstr("allowedNamespaces.from is 'Same'"),
                    HasSubstr("set it to 'All'")));
  ProfilingServer selector = server(AllowFrom::kSelector);
  selector.spec.allowed_namespaces.selector.match_labels = {{"profiling", "yes"}};
  e = makeEffective(policy(), &selector, {}, kAgents);
  EXPECT_EQ(e.server_reason, "ServerNotGranted");
  EXPECT_THAT(e.server_problem, HasSubstr("allowedNamespaces.from is 'Selector'"));
}

TEST(Effective, AnInvalidServerIsNotUsed) {
  ProfilingServer s = server();
  s.status.conditions = {
      {"ConfigValid", "False", "BadPrefix", "spec.storage.s3.prefix is wrong", "", 1}};
  const auto e = makeEffective(policy(), &s, {}, kAgents);
  EXPECT_EQ(e.server_url, "");
  EXPECT_EQ(e.server_reason, "ServerNotReady");
  EXPECT_THAT(e.server_problem,
              AllOf(HasSubstr("spec.serverRef"), HasSubstr("'profiling/pyroscope'"),
                    HasSubstr("invalid configuration: spec.storage.s3.prefix is wrong")));
}

TEST(Effective, ADeletedServerIsNotUsed) {
  ProfilingServer s = server();
  s.metadata.deleting = true;
  const auto e = makeEffective(policy(), &s, {}, kAgents);
  EXPECT_EQ(e.server_url, "");
  EXPECT_EQ(e.server_reason, "ServerNotReady");
  EXPECT_THAT(e.server_problem, HasSubstr("is being deleted; name another one"));
}

TEST(Effective, AMissingGrantIsReportedBeforeTheServersState) {
  ProfilingServer s = server(AllowFrom::kSame);
  s.metadata.deleting = true;
  EXPECT_EQ(makeEffective(policy(), &s, {}, kAgents).server_reason, "ServerNotGranted")
      << "a namespace without a grant learns nothing of the server";
}

struct Inputs {
  ProfilingPolicy policy = api::policy();
  ProfilingServer server = api::server();
  AgentImages agents = kAgents;
};
std::string revision(const std::function<void(Inputs&)>& change) {
  Inputs in;
  change(in);
  return makeEffective(in.policy, &in.server, {}, in.agents).revision;
}

TEST(Revision, ChangesWithTheInjectedContent) {
  const std::string before = revision([](Inputs&) {});
  EXPECT_EQ(before, revision([](Inputs&) {})) << "it must be stable";
  const std::pair<const char*, std::function<void(Inputs&)>> changes[] = {
      {"cpuHz", [](Inputs& i) { i.policy.spec.sampling.cpu_hz = 50; }},
      {"uploadInterval", [](Inputs& i) { i.policy.spec.sampling.upload_interval = "30s"; }},
      {"allocations", [](Inputs& i) { i.policy.spec.profiles.allocations = true; }},
      {"languages", [](Inputs& i) { i.policy.spec.languages = {Language::kJava}; }},
      {"serviceName", [](Inputs& i) { i.policy.spec.service_name.from = ServiceNameFrom::kFixed; }},
      {"secretEnvFrom", [](Inputs& i) { i.policy.spec.secret_env_from = SecretEnvFrom::kSkip; }},
      {"tags",
       [](Inputs& i) {
         i.policy.spec.tags = {{"team", "a"}};
       }},
      {"tagsFromPodLabels", [](Inputs& i) { i.policy.spec.tags_from_pod_labels = {"tier"}; }},
      {"an agent's image", [](Inputs& i) { i.agents[1].image = "localhost/agent-python:9"; }},
      {"an agent's version", [](Inputs& i) { i.agents[2].version = "9"; }},
      {"the server's URL", [](Inputs& i) { i.server.metadata.name = "other"; }},
      {"the tenant", [](Inputs& i) { i.server.spec.tenancy.enabled = true; }},
      {"no URL", [](Inputs& i) { i.server.metadata.deleting = true; }},
  };
  std::map<std::string, const char*> seen{{before, "nothing"}};
  for (const auto& [what, change] : changes) {
    const auto [it, is_new] = seen.emplace(revision(change), what);
    EXPECT_TRUE(is_new) << what << " gives the revision of " << it->second;
  }
}

TEST(Revision, IgnoresFieldsThatOnlyChoosePods) {
  const std::string before = revision([](Inputs&) {});
  const std::pair<const char*, std::function<void(Inputs&)>> changes[] = {
      {"priority", [](Inputs& i) { i.policy.spec.priority = 7; }},
      {"activation", [](Inputs& i) { i.policy.spec.activation = Activation::kSelected; }},
      {"selector",
       [](Inputs& i) {
         i.policy.spec.selector.match_labels = {{"app", "a"}};
       }},
      {"workloadKinds", [](Inputs& i) { i.policy.spec.workload_kinds = {"Job"}; }},
      {"mode", [](Inputs& i) { i.policy.spec.mode = PolicyMode::kObserve; }},
      {"status", [](Inputs& i) { i.policy.status.pods.profiled = 3; }},
      {"labels",
       [](Inputs& i) {
         i.policy.metadata.labels = {{"a", "b"}};
       }},
      {"the server's image", [](Inputs& i) { i.server.spec.image = "other:1"; }},
      {"the way to the same URL",
       [](Inputs& i) {
         i.policy.spec.server_ref.reset();
         i.policy.spec.endpoint = Endpoint{"http://pyroscope.profiling.svc:4040", ""};
       }},
  };
  for (const auto& [what, change] : changes) EXPECT_EQ(revision(change), before) << what;
}

ClusterProfilingPolicy clusterPolicy() {
  ClusterProfilingPolicy p;
  p.metadata.name = "all";
  p.spec.server_ref = ServerRef{"pyroscope", "profiling"};
  return p;
}

TEST(PolicyKind, IsTheKindOfTheObject) {
  EXPECT_EQ(policyKind(makeEffective(policy(), nullptr, {}, kAgents)), "ProfilingPolicy");
  EXPECT_EQ(policyKind(ClusterEffective(clusterPolicy(), nullptr, kAgents).common()),
            "ClusterProfilingPolicy");
}

TEST(ServerKey, NamesTheServerOfEitherKind) {
  EXPECT_EQ(serverKey(policy()), "profiling/pyroscope");
  EXPECT_EQ(serverKey(clusterPolicy()), "profiling/pyroscope");
  ClusterProfilingPolicy p = clusterPolicy();
  p.spec.server_ref.reset();
  EXPECT_EQ(serverKey(p), "");
}

TEST(ClusterEffective, FollowsThePolicy) {
  const ProfilingServer s = server();
  ClusterProfilingPolicy p = clusterPolicy();
  p.spec.priority = 3;
  const auto e = ClusterEffective(p, &s, kAgents).in("shop", {});
  EXPECT_TRUE(e->cluster);
  EXPECT_EQ(e->policy.metadata.name, "all");
  EXPECT_EQ(e->policy.spec.priority, 3);
  EXPECT_EQ(e->server_url, "http://pyroscope.profiling.svc:4040");
  EXPECT_EQ(e->revision, makeEffective(policy(), &s, {}, kAgents).revision)
      << "pods get the same, whichever kind says so";
}

TEST(ClusterEffective, TheNamespaceSelectorChoosesByLabels) {
  ClusterProfilingPolicy p = clusterPolicy();
  EXPECT_TRUE(ClusterEffective(p, nullptr, kAgents).selects({}));
  p.spec.namespace_selector.match_labels = {{"team", "shop"}};
  const ClusterEffective e(p, nullptr, kAgents);
  EXPECT_TRUE(e.selects({{"team", "shop"}, {"a", "b"}}));
  EXPECT_FALSE(e.selects({{"a", "b"}}));
}

TEST(ClusterEffective, TheGrantFollowsEachNamespace) {
  ProfilingServer s = server(AllowFrom::kSelector);
  s.spec.allowed_namespaces.selector.match_labels = {{"profiling", "yes"}};
  const ClusterEffective e(clusterPolicy(), &s, kAgents);
  const auto admitted = e.in("shop", {{"profiling", "yes"}});
  const auto refused = e.in("web", {});
  EXPECT_EQ(admitted->server_url, "http://pyroscope.profiling.svc:4040");
  EXPECT_EQ(refused->server_url, "");
  EXPECT_EQ(refused->server_reason, "ServerNotGranted");
  EXPECT_THAT(refused->server_problem, HasSubstr("does not admit the pod's namespace"));
  EXPECT_EQ(refused->revision, admitted->revision) << "one policy has one target";
  EXPECT_NE(e.in("profiling", {})->server_url, "") << "the server's own namespace";
  EXPECT_EQ(e.in("other", {}), refused);
  EXPECT_EQ(e.in("more", {{"profiling", "yes"}}), admitted);
}

TEST(ClusterEffective, WithTenancyEachNamespaceIsATenantOfTheSameRevision) {
  ProfilingServer s = server();
  const std::string without = ClusterEffective(clusterPolicy(), &s, kAgents).common().revision;
  s.spec.tenancy.enabled = true;
  const ClusterEffective e(clusterPolicy(), &s, kAgents);
  EXPECT_EQ(e.in("shop", {})->tenant_id, "shop");
  EXPECT_EQ(e.in("web", {})->tenant_id, "web");
  EXPECT_EQ(e.in("shop", {})->revision, e.in("web", {})->revision);
  EXPECT_NE(e.common().revision, without) << "pods get a tenant that they had not";
}

TEST(ClusterEffective, WithoutAServerEveryNamespaceSeesTheSame) {
  const ClusterEffective none(clusterPolicy(), nullptr, kAgents);
  EXPECT_EQ(none.in("shop", {})->server_reason, "ServerNotFound");
  EXPECT_EQ(none.in("shop", {}), none.in("web", {}));
  ProfilingServer s = server();
  s.metadata.deleting = true;
  s.spec.tenancy.enabled = true;
  const ClusterEffective gone(clusterPolicy(), &s, kAgents);
  EXPECT_EQ(gone.in("shop", {})->server_reason, "ServerNotReady");
  EXPECT_EQ(gone.in("shop", {}), gone.in("web", {}));
}

TEST(ClusterEffective, AnEndpointNeedsNoGrant) {
  const ProfilingServer s = server(AllowFrom::kSame);
  ClusterProfilingPolicy p = clusterPolicy();
  p.spec.server_ref.reset();
  p.spec.endpoint = Endpoint{"https://pyroscope.example.com", "team"};
  const auto e = ClusterEffective(p, &s, kAgents).in("shop", {});
  EXPECT_EQ(e->server_url, "https://pyroscope.example.com");
  EXPECT_EQ(e->tenant_id, "team");
}

}  // namespace
}  // namespace profiling::api
