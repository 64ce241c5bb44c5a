#include "controllers/policy/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/builders.h"

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

// Five pods that a policy has profiled, whichever it is.
template <class Policy>
PolicyTotals fiveProfiled(const Policy& policy) {
  constexpr bool kCluster = std::is_same_v<Policy, api::ClusterProfilingPolicy>;
  auto effective = std::make_shared<api::EffectivePolicy>();
  effective->policy.metadata = policy.metadata;
  effective->cluster = kCluster;
  WorkloadEvaluation workload;
  workload.shares.push_back({effective, {.total = 5, .profiled = 5}, {}, 0});
  PolicyTotals totals(kCluster, policy.metadata.namespace_, policy.metadata.name);
  totals.add(workload);
  return totals;
}
const PolicyTotals kNoPods(false, "shop", "shop");

struct Row {
  const char* sentence;
  void (*change)(api::ProfilingPolicy&, api::ProfilingServer&);
  bool server_exists;
  const char* phase;
  const char* available;  // "True Reason"
  std::vector<const char*> words;
};
class DecidePolicy : public testing::TestWithParam<Row> {};

TEST(DecidePolicyRestarts, ManagedWithoutTheRightIsReported) {
  api::ProfilingPolicy policy = test::policy();
  const api::ProfilingServer server = readyServer();
  const auto condition = [&](bool granted) {
    PolicyInput input{policy, &server, {{"team", "shop"}}, kAgents, kNoPods, test::kNow};
    input.restarts_granted = granted;
    policy.status = decidePolicy(input);
    const api::Condition* found = api::findCondition(policy.status.conditions, "RestartsGranted");
    return found == nullptr ? "none" : found->status + " " + found->reason + ": " + found->message;
  };
  EXPECT_EQ(condition(false), "none");
  policy.spec.rollout.emplace().restart.mode = api::RestartMode::kManaged;
  EXPECT_EQ(condition(true), "none");
  EXPECT_THAT(condition(false),
              AllOf(HasSubstr("False RestartsNotGranted: spec.rollout.restart.mode"),
                    HasSubstr("controller.restarts.enabled")));
  EXPECT_EQ(condition(true), "none") << "it goes when the right is granted";
}

TEST_P(DecidePolicy, MatchesTheTable) {
  const Row& row = GetParam();
  api::ProfilingPolicy policy = test::policy();
  api::ProfilingServer server = readyServer();
  row.change(policy, server);
  const auto status = decidePolicy(PolicyInput{policy,
                                               row.server_exists ? &server : nullptr,
                                               {{"team", "shop"}},
                                               kAgents,
                                               fiveProfiled(policy),
                                               test::kNow});
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
  EXPECT_EQ(status.pods.profiled, 5);
  EXPECT_EQ(status.workloads.profiled, 1);
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
            {"is still being set up"}},
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

TEST(DecidePolicy, AMissingServerStatesTheConsequenceForPods) {
  const api::ProfilingPolicy policy = test::policy();
  const auto status = decidePolicy(PolicyInput{policy, nullptr, {}, kAgents, kNoPods, test::kNow});
  EXPECT_THAT(api::findCondition(status.conditions, "Ready")->message,
              HasSubstr("new pods are not profiled"));
}

inject::Settings settings() {
  inject::Settings s;
  s.agents = kAgents;
  s.operator_namespace = "profiling-system";
  return s;
}

TEST(DecidePolicy, AnObservingPolicyStatesIt) {
  api::ProfilingPolicy policy = test::policy();
  policy.spec.mode = api::PolicyMode::kObserve;
  api::ProfilingServer server = readyServer();
  const auto status = decidePolicy(PolicyInput{policy, &server, {}, kAgents, kNoPods, test::kNow});
  EXPECT_EQ(status.phase, "Observing");
  const api::Condition* ready = api::findCondition(status.conditions, "Ready");
  EXPECT_EQ(ready->status + " " + ready->reason, "True Observing");
  EXPECT_THAT(ready->message, HasSubstr("none is changed"));
  server.status.conditions.clear();
  const auto waiting = decidePolicy(PolicyInput{policy, &server, {}, kAgents, kNoPods, test::kNow});
  EXPECT_EQ(waiting.phase, "Degraded");
  EXPECT_THAT(api::findCondition(waiting.conditions, "Ready")->message,
              testing::Not(HasSubstr("new pods get an agent")));
}

struct ClusterRow {
  const char* sentence;
  void (*change)(api::ClusterProfilingPolicy&, api::ProfilingServer&);
  bool server_exists;
  const char* phase;
  const char* available;
  std::vector<const char*> words;  // of Ready
};
class DecideClusterPolicy : public testing::TestWithParam<ClusterRow> {};

TEST_P(DecideClusterPolicy, MatchesTheTable) {
  const ClusterRow& row = GetParam();
  api::ClusterProfilingPolicy policy = test::clusterPolicy();
  api::ProfilingServer server = readyServer();
  row.change(policy, server);
  inject::Records<NamespaceRecord> namespaces;
  for (const char* name : {"a", "b", "c", "d", "kube-system", "profiling-system"}) {
    const bool first = *name == 'a';
    namespaces[name] = std::make_shared<const NamespaceRecord>(
        NamespaceRecord{name, {{"first", first ? "yes" : "no"}}, {}});
  }
  const auto status =
      decidePolicy(ClusterPolicyInput{policy, row.server_exists ? &server : nullptr, namespaces,
                                      settings(), fiveProfiled(policy), test::kNow});
  EXPECT_EQ(status.phase, row.phase) << row.sentence;
  const api::Condition* available = api::findCondition(status.conditions, "ServerAvailable");
  const api::Condition* ready = api::findCondition(status.conditions, "Ready");
  ASSERT_TRUE(available != nullptr && ready != nullptr);
  EXPECT_EQ(available->status + " " + available->reason, row.available) << row.sentence;
  EXPECT_EQ(ready->status, available->status) << row.sentence;
  for (const char* word : row.words) EXPECT_THAT(ready->message, HasSubstr(word)) << row.sentence;
  EXPECT_EQ(ready->observed_generation, 2);
  EXPECT_EQ(status.pods.profiled, 5);
  EXPECT_EQ(status.workloads.profiled, 1);
  EXPECT_EQ(status.target_revision.size(), 10U);
}

void admitOnlyTheFirst(api::ClusterProfilingPolicy&, api::ProfilingServer& s) {
  s.spec.allowed_namespaces.from = api::AllowFrom::kSelector;
  s.spec.allowed_namespaces.selector.match_labels = {{"first", "yes"}};
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DecideClusterPolicy,
    testing::Values(
        ClusterRow{"every namespace but the system's and the operator's own is counted",
                   [](auto&, auto&) {},
                   true,
                   "Active",
                   "True ServerReady",
                   {"profiled in 4 namespaces"}},
        ClusterRow{"only the namespaces that are selected count",
                   [](auto& p, auto&) {
                     p.spec.namespace_selector.match_labels = {{"first", "yes"}};
                   },
                   true,
                   "Active",
                   "True ServerReady",
                   {"profiled in 1 namespace"}},
        ClusterRow{"a selector that nothing matches is no error, and shows",
                   [](auto& p, auto&) {
                     p.spec.namespace_selector.match_labels = {{"first", "never"}};
                   },
                   true,
                   "Active",
                   "True ServerReady",
                   {"profiled in 0 namespaces"}},
        ClusterRow{"namespaces that the server does not admit are counted and named",
                   admitOnlyTheFirst,
                   true,
                   "Active",
                   "True ServerReady",
                   {"in 1 namespace; 3 more", "spec.allowedNamespaces", "'b', 'c', 'd'"}},
        ClusterRow{"a server that admits none of them has to be changed",
                   [](auto&, auto& s) { s.spec.allowed_namespaces.from = api::AllowFrom::kSame; },
                   true,
                   "Degraded",
                   "False ServerNotGranted",
                   {"none of the 4 namespaces", "'a', 'b', 'c' and others", "'All'",
                    "new pods are not profiled"}},
        ClusterRow{"a server that is not there is named",
                   [](auto&, auto&) {},
                   false,
                   "Degraded",
                   "False ServerNotFound",
                   {"'profiling/pyroscope'", "create it"}},
        ClusterRow{"a server that is not ready passes its reason on",
                   [](auto&, auto& s) {
                     s.status.conditions = {{"Ready", "False", "SecretNotFound", "no x", "", 3}};
                   },
                   true,
                   "Degraded",
                   "False ServerNotReady",
                   {"SecretNotFound", "no x"}},
        ClusterRow{"an endpoint needs no grant",
                   [](auto& p, auto&) {
                     p.spec.server_ref.reset();
                     p.spec.endpoint = api::Endpoint{"https://pyroscope.example", ""};
                   },
                   false,
                   "Active",
                   "True EndpointGiven",
                   {"profiled in 4 namespaces"}},
        ClusterRow{"one that observes says so",
                   [](auto& p, auto& s) {
                     p.spec.mode = api::PolicyMode::kObserve;
                     admitOnlyTheFirst(p, s);
                   },
                   true,
                   "Observing",
                   "True ServerReady",
                   {"none is changed in 1 namespace; 3 more"}}));

TEST(DecideClusterPolicy, TheTargetRevisionDoesNotDependOnAdmittedNamespaces) {
  const api::ClusterProfilingPolicy policy = test::clusterPolicy();
  const auto target = [&](api::AllowFrom from, bool tenancy) {
    api::ProfilingServer server = readyServer();
    server.spec.allowed_namespaces.from = from;
    server.spec.tenancy.enabled = tenancy;
    const inject::Records<NamespaceRecord> namespaces{
        {"a", std::make_shared<const NamespaceRecord>(NamespaceRecord{"a", {}, {}})}};
    return decidePolicy(
               ClusterPolicyInput{policy, &server, namespaces, settings(), kNoPods, test::kNow})
        .target_revision;
  };
  EXPECT_EQ(target(api::AllowFrom::kAll, false), target(api::AllowFrom::kSame, false));
  EXPECT_NE(target(api::AllowFrom::kAll, false), target(api::AllowFrom::kAll, true));
}

}  // namespace
}  // namespace profiling::controllers
