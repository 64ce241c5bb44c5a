#include "controllers/workload/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/policy/totals.h"
#include "controllers/workload/decide.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::controllers {
namespace {

using inject::Reason;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kRevision = "0123456789";  // of inject::policy()

PodClass pods(std::int64_t count, const std::string& hash = "h1") {
  PodClass c;
  c.labels = "app\nweb\npod-template-hash\n" + hash + "\n";
  c.api_version = "apps/v1";
  c.owner_kind = "ReplicaSet";
  c.owner_name = "web-" + hash;
  c.owner_uid = "uid-" + hash;
  c.count = count;
  c.example = "web-" + hash + "-x";
  return c;
}

PodClass profiled(std::int64_t count, const std::string& revision = kRevision) {
  PodClass c = pods(count);
  c.labels += "profiling.dev/profiled\n" + revision + "\n";
  c.decision = R"({"policy":"shop","action":"injected","containers":[{"name":"app",
    "languages":[{"language":"java","version":"1"},{"language":"node","version":"1"}]}]})";
  c.flags = inject::kPodReady;
  return c;
}

struct World {
  PodGroup group{"shop", "Deployment", "web", 1, {}};
  inject::NamespaceState state;
  std::optional<api::Preflight> preflight;

  World() { state.policies.push_back(inject::policy()); }
  WorkloadEvaluation run() const { return evaluate(group, state, preflight, inject::settings()); }
  api::EffectivePolicy& policy() {
    return const_cast<api::EffectivePolicy&>(*state.policies.front());
  }
};

TEST(WorkloadEvaluation, OnePodFindsTheLanguageAndTheOthersAreSkippedNotMissed) {
  World w;
  w.group.classes = {pods(4)};
  w.preflight = api::Preflight{"h1", kRevision, "AwaitingLanguage", {}, {}};
  WorkloadEvaluation e = w.run();
  EXPECT_EQ(e.pods.missed, 1);
  EXPECT_EQ(e.pods.skipped, 3);
  EXPECT_EQ(e.skipped[Reason::kAwaitingLanguage], 3);
  MayCarry may = mayCarry(w.group, w.state, w.preflight, inject::settings());
  EXPECT_TRUE(may.one_pod);
  EXPECT_THAT(may.classes, ElementsAre(true));

  w.group.classes.push_back(profiled(1));
  w.group.classes[1].decision = R"({"containers":[{"name":"app","languages":[
      {"language":"java"},{"language":"python"}],"guess":"0a1b2c3d"}]})";
  e = w.run();
  EXPECT_EQ(e.pods.missed, 0);
  EXPECT_EQ(e.pods.skipped, 4);
  may = mayCarry(w.group, w.state, w.preflight, inject::settings());
  EXPECT_FALSE(may.classes[0]) << "that one is there";
  w.group.classes[1].flags = inject::kPodFinished;
  may = mayCarry(w.group, w.state, w.preflight, inject::settings());
  EXPECT_TRUE(may.classes[0]) << "an evicted pod finds nothing out";
}

TEST(WorkloadEvaluation, CountsPodsByTheirOutcome) {
  World w;
  w.group.classes = {profiled(3), profiled(2, "old"), pods(4)};
  w.group.classes[1].flags = 0;
  w.preflight = api::Preflight{"h1", kRevision, "Injected", {}, {}};
  const WorkloadEvaluation e = w.run();
  EXPECT_EQ(e.pods.total, 9);
  EXPECT_EQ(e.pods.profiled, 5);
  EXPECT_EQ(e.pods.ready, 3);
  EXPECT_EQ(e.pods.outdated, 2);
  EXPECT_EQ(e.pods.missed, 4);
  EXPECT_EQ(e.pods.skipped, 0);
  EXPECT_THAT(e.languages, ElementsAre(api::Language::kJava, api::Language::kNodeJS));
  ASSERT_NE(e.main(), nullptr);
  EXPECT_EQ(e.main()->pods.total, 9);
  EXPECT_FALSE(e.preflight_wanted.has_value());
}

TEST(WorkloadEvaluation, TerminatingAndFinishedPodsAreNotCounted) {
  World w;
  w.group.classes = {pods(1), pods(2), pods(3)};
  w.group.classes[1].flags = inject::kPodDeleting;
  w.group.classes[2].flags = inject::kPodFinished;
  EXPECT_EQ(w.run().pods.total, 1);
}

TEST(WorkloadEvaluation, RequestsAPreflightOfTheTemplateWithTheMostPods) {
  World w;
  w.group.classes = {pods(1, "h1"), pods(5, "h2"), profiled(9)};
  const WorkloadEvaluation e = w.run();
  ASSERT_TRUE(e.preflight_wanted.has_value());
  EXPECT_EQ(e.preflight_wanted->template_hash, "h2");
  EXPECT_EQ(e.preflight_wanted->pod, "web-h2-x");
  EXPECT_EQ(e.pods.missed, 6) << "until then they are taken to be missed";
}

TEST(WorkloadEvaluation, APreflightHoldsForItsRevisionAndItsTemplate) {
  World w;
  w.group.classes = {pods(1, "h1"), pods(5, "h2")};
  w.preflight = api::Preflight{"h2", kRevision, "NoLanguage", {}, {}};
  const WorkloadEvaluation e = w.run();
  EXPECT_FALSE(e.preflight_wanted.has_value());
  EXPECT_EQ(e.pods.skipped, 6);
  EXPECT_THAT(e.skipped, ElementsAre(std::pair(Reason::kNoLanguage, 6)));
  w.preflight->template_hash = "h1";
  EXPECT_TRUE(w.run().preflight_wanted.has_value());
  w.preflight = api::Preflight{"h2", "other", "NoLanguage", {}, {}};
  EXPECT_TRUE(w.run().preflight_wanted.has_value());
  EXPECT_EQ(w.run().pods.skipped, 0);
}

TEST(WorkloadEvaluation, AnOptInPolicyMatchesNothingWithoutTheAnnotation) {
  World w;
  w.policy().policy.spec.activation = api::Activation::kAnnotated;
  w.group.classes = {pods(4)};
  const WorkloadEvaluation e = w.run();
  EXPECT_EQ(e.main(), nullptr);
  ASSERT_EQ(e.shares.size(), 1u);
  EXPECT_EQ(e.shares[0].not_opted_in, 4);
  EXPECT_FALSE(wantsRecord(e));
  w.group.classes[0].inject = "true";
  EXPECT_TRUE(wantsRecord(w.run()));
}

TEST(WorkloadEvaluation, OptingOutIsNoMatch) {
  World w;
  w.group.classes = {pods(4)};
  w.group.classes[0].inject = "false";
  EXPECT_FALSE(wantsRecord(w.run()));
  w.group.classes = {pods(4)};
  w.state.inject = "false";
  EXPECT_FALSE(wantsRecord(w.run()));
}

TEST(WorkloadEvaluation, AnUnresolvedServerIsAReason) {
  World w;
  w.policy().server_url.clear();
  w.group.classes = {pods(4)};
  const WorkloadEvaluation e = w.run();
  EXPECT_THAT(e.skipped, ElementsAre(std::pair(Reason::kServerUnavailable, 4)));
  EXPECT_FALSE(e.preflight_wanted.has_value());
}

TEST(WorkloadEvaluation, ProfiledPodsOutliveTheirPolicy) {
  World w;
  w.state.policies.clear();
  w.group.classes = {profiled(2)};
  const WorkloadEvaluation e = w.run();
  EXPECT_EQ(e.main(), nullptr);
  EXPECT_TRUE(wantsRecord(e));
  EXPECT_EQ(e.pods.profiled, 2);
  EXPECT_EQ(e.pods.outdated, 0);
}

TEST(WorkloadEvaluation, ADamagedDecisionCostsTheLanguagesOnly) {
  World w;
  for (const char* decision :
       {"", "{", "7", R"({"containers":{}})", R"({"containers":[{"languages":7}]})",
        R"({"containers":[{"languages":[{"language":"cobol"},7]}]})"}) {
    w.group.classes = {profiled(2)};
    w.group.classes[0].decision = decision;
    EXPECT_EQ(w.run().pods.profiled, 2) << decision;
    EXPECT_THAT(w.run().languages, IsEmpty()) << decision;
  }
}

TEST(WorkloadEvaluation, ShadowsNameThePolicyWithPrecedence) {
  World w;
  auto second = inject::policy("second");
  auto other = inject::policy("other");
  other->policy.spec.selector.match_labels = {{"app", "api"}};
  w.state.policies = {inject::policy("first"), second, other};
  w.group.classes = {pods(1), pods(2, "h2")};
  const WorkloadEvaluation e = w.run();
  ASSERT_EQ(e.shadows.size(), 1u) << "once, and not by a policy that does not select the pods";
  EXPECT_EQ(e.shadows[0].loser, w.state.policies[1]);
  EXPECT_EQ(e.shadows[0].winner, w.state.policies[0]);

  PolicyTotals totals(false, "shop", "second");
  totals.add(e);
  api::ProfilingPolicyStatus status;
  totals.writeTo(status);
  ASSERT_EQ(status.shadowed_by.size(), 1u);
  EXPECT_EQ(status.shadowed_by[0].kind, "ProfilingPolicy");
  EXPECT_EQ(status.shadowed_by[0].name, "first");
  EXPECT_EQ(status.shadowed_by[0].workloads, 1);
  EXPECT_EQ(status.workloads.matched, 0);
}

TEST(PolicyTotals, SumTheSharesOfWorkloads) {
  World w;
  w.preflight = api::Preflight{"h1", kRevision, "NoLanguage", {}, {}};
  PolicyTotals totals(false, "shop", "shop");
  w.group.classes = {profiled(3), pods(2)};
  totals.add(w.run());
  w.group.classes = {profiled(4)};
  totals.add(w.run());
  w.policy().policy.spec.activation = api::Activation::kAnnotated;
  w.group.classes = {pods(7)};
  totals.add(w.run());
  api::ProfilingPolicyStatus status;
  totals.writeTo(status);
  EXPECT_EQ(status.workloads.matched, 2);
  EXPECT_EQ(status.workloads.profiled, 1);
  EXPECT_EQ(status.pods.matched, 9);
  EXPECT_EQ(status.pods.profiled, 7);
  EXPECT_EQ(status.pods.skipped, 2);
  EXPECT_EQ(status.pods.not_opted_in, 7);
  ASSERT_EQ(status.skipped_reasons.size(), 1u);
  EXPECT_EQ(status.skipped_reasons[0].reason, "NoLanguage");
  PolicyTotals cluster(true, "", "shop");
  cluster.add(w.run());
  cluster.writeTo(status);
  EXPECT_EQ(status.pods.not_opted_in, 0) << "a cluster policy of the same name is another one";
}

struct StatusSummary {
  const char* phase;
  const char* condition;
};
StatusSummary summaryOf(const api::WorkloadProfileStatus& status) {
  static std::string text;
  text = status.conditions.at(0).status + " " + status.conditions.at(0).reason;
  static std::string phase;
  phase = status.phase;
  return {phase.c_str(), text.c_str()};
}

TEST(WorkloadStatus, HasOnePhaseAndOneReason) {
  World w;
  w.preflight = api::Preflight{"h1", kRevision, "Injected", {}, {}};
  const auto status = [&] {
    const WorkloadEvaluation e = w.run();
    return decideStatus({"shop",
                         "Deployment/web",
                         {"apps/v1", "Deployment", "web", "u"},
                         e,
                         nullptr,
                         w.preflight,
                         {},
                         "2026-08-01T12:00:00Z"});
  };
  const auto expect = [&](std::vector<PodClass> classes, const char* phase, const char* condition) {
    w.group.classes = std::move(classes);
    const api::WorkloadProfileStatus s = status();
    EXPECT_STREQ(summaryOf(s).phase, phase);
    EXPECT_STREQ(summaryOf(s).condition, condition);
  };
  expect({profiled(2)}, "Profiled", "True AllProfiled");
  expect({profiled(2), pods(1)}, "Partial", "False PodsMissed");
  expect({pods(1)}, "Missed", "False PodsMissed");
  expect({profiled(2, "old")}, "Partial", "False PodsOutdated");
  expect({}, "Idle", "Unknown NoPods");
  w.preflight->reason = "EnvValueFrom";
  expect({pods(3)}, "Skipped", "False EnvValueFrom");
  expect({pods(3), profiled(1)}, "Partial", "False EnvValueFrom");
  w.policy().policy.spec.mode = api::PolicyMode::kObserve;
  expect({pods(3)}, "Observed", "False Observed");
  w.state.policies.clear();
  expect({profiled(3)}, "Unmatched", "False NoPolicy");
}

TEST(WorkloadStatus, ReasonsAreBounded) {
  std::map<Reason, std::int64_t> many;
  for (std::size_t i = 0; i < inject::kReasonCount; ++i) {
    many[static_cast<Reason>(i)] = static_cast<std::int64_t>(i + 1);
  }
  const auto top = topReasons(many);
  ASSERT_EQ(top.size(), api::kMaxSkippedReasons);
  EXPECT_EQ(top.front().pods, static_cast<std::int64_t>(inject::kReasonCount));
}

TEST(WorkloadStatus, AnIdleWorkloadKeepsItsPolicy) {
  api::WorkloadProfile record;
  record.metadata.generation = 1;
  record.status.policy_ref = api::PolicyRef{"ProfilingPolicy", "shop"};
  record.status.target_revision = kRevision;
  const WorkloadEvaluation nothing;
  const auto status = decideStatus({"shop", "Deployment/web", {}, nothing, &record, {}, {}, "now"});
  EXPECT_EQ(status.policy_ref->name, "shop");
  EXPECT_EQ(status.target_revision, kRevision);
  EXPECT_EQ(status.phase, "Idle");
}

TEST(WorkloadProfileName, IsTheKindAndTheName) {
  EXPECT_EQ(api::workloadProfileName("Deployment", "web"), "deployment-web");
  const std::string a = api::workloadProfileName("StatefulSet", std::string(253, 'a'));
  const std::string b = api::workloadProfileName("StatefulSet", std::string(252, 'a') + "b");
  EXPECT_LE(a.size(), 253u);
  EXPECT_NE(a, b) << "a cut name ends in a hash";
}

}  // namespace
}  // namespace profiling::controllers
