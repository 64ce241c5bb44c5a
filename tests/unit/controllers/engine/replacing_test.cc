// Pods are not replaced over and over when those that come are no different.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

enum class Cause { kNotAsked, kRefused, kLeftAlone, kNotReady, kSkipped };

struct ReplacingCase {
  Cause cause = Cause::kNotAsked;
  int replicas = 1;
  std::vector<std::int64_t> steps;
  api::RestartMethod method = api::RestartMethod::kAuto;
};

void beginCause(TestWorld& t, Cause cause) {
  t.injects = false;
  switch (cause) {
    case Cause::kNotAsked:
      break;
    case Cause::kRefused:
      t.answer = "PodRefused";
      t.workload(0).refusal = Refusal{t.world.now + hours(1), "the quota team is spent"};
      break;
    case Cause::kLeftAlone:
      t.answer = "OutsideShare";
      break;
    case Cause::kNotReady:
      t.world.sources.webhook = "no pod of the webhook is ready";
      break;
    case Cause::kSkipped:
      t.workload(0).unsupported = true;
      t.workload(0).unsupported_reason = api::RecordedReason::parse("NamespaceExcluded");
      break;
  }
}

void endCause(TestWorld& t) {
  t.injects = true;
  t.answer.clear();
  t.workload(0).refusal.reset();
  t.workload(0).unsupported = false;
  t.world.sources.webhook.clear();
}

api::RecordedReason reasonOfCause(Cause cause) {
  switch (cause) {
    case Cause::kNotAsked:
      return api::RolloutReason::kWebhookNotAsked;
    case Cause::kRefused:
      return api::RolloutReason::kPodRefused;
    case Cause::kLeftAlone:
      return api::RolloutReason::kInjectionMissed;
    case Cause::kNotReady:
      return api::RolloutReason::kWebhookNotReady;
    case Cause::kSkipped:
      return api::RecordedReason::parse("NamespaceExcluded");
  }
  return {};
}

std::vector<ReplacingCase> replacingCases() {
  std::vector<ReplacingCase> out;
  for (const Cause cause :
       {Cause::kNotAsked, Cause::kRefused, Cause::kLeftAlone, Cause::kNotReady, Cause::kSkipped}) {
    for (const int replicas : {1, 2, 4, 20}) {
      for (const std::int64_t step : {10, 25, 50, 100}) {
        for (const auto method : {api::RestartMethod::kAuto, api::RestartMethod::kEvict,
                                  api::RestartMethod::kRolloutRestart}) {
          std::vector<std::int64_t> steps{step};
          if (step < 100) steps.push_back(100);
          out.push_back({cause, replicas, std::move(steps), method});
        }
      }
    }
  }
  return out;
}

class ReplacingMatrix : public testing::TestWithParam<ReplacingCase> {};
INSTANTIATE_TEST_SUITE_P(Causes, ReplacingMatrix, testing::ValuesIn(replacingCases()));

TEST_P(ReplacingMatrix, EndsAfterTwoPodsWithTheCauseAndGoesOnWhenItEnds) {
  TestWorld t;
  t.plan.pod_steps = GetParam().steps;
  t.plan.method = GetParam().method;
  t.plan.max_unavailable = 5;
  t.plan.cooldown = minutes(1);
  t.plan.progress_deadline = hours(100);
  t.add("web", GetParam().replicas).owner->surges = true;
  beginCause(t, GetParam().cause);
  for (int i = 0; i < 30; ++i) t.after(seconds(10));
  EXPECT_LE(t.replaced.size(), 2U);
  EXPECT_EQ(t.record(0).reason, reasonOfCause(GetParam().cause));
  EXPECT_EQ(t.on(t.workload(0)), 0);
  endCause(t);
  for (int i = 0; i < 24 * 60 && t.record(0).state != State::kComplete; ++i) t.after(minutes(1));
  EXPECT_EQ(t.record(0).state, State::kComplete) << t.record(0).message;
  EXPECT_EQ(t.on(t.workload(0)), GetParam().replicas);
}

TEST(Replacing, AClockAwayFromTheApiServersCostsNoMorePods) {
  for (const Duration ahead :
       {Duration(minutes(-10)), Duration(seconds(-30)), Duration(seconds(-2)), Duration(seconds(2)),
        Duration(minutes(10))}) {
    for (const Cause cause : {Cause::kNotAsked, Cause::kRefused}) {
      TestWorld t;
      t.api_ahead = ahead;
      t.plan.method = api::RestartMethod::kEvict;
      t.plan.cooldown = minutes(1);
      t.plan.progress_deadline = hours(100);
      t.add("web", 6);
      beginCause(t, cause);
      for (int i = 0; i < 60; ++i) t.after(seconds(5));
      EXPECT_LE(t.replaced.size(), 2U) << ahead.count();
      EXPECT_EQ(t.record(0).reason, reasonOfCause(cause)) << ahead.count();
    }
  }
}

TEST(Replacing, TriesComeEverLessOftenWhileTheCauseLasts) {
  TestWorld t;
  t.injects = false;
  t.plan.progress_deadline = hours(100);
  t.add("web", 4);
  std::size_t before = 0;
  std::vector<std::size_t> tries;
  for (int day = 0; day < 4; ++day) {
    for (int i = 0; i < 24 * 60; ++i) t.after(minutes(1));
    tries.push_back(t.replaced.size() - before);
    before = t.replaced.size();
  }
  EXPECT_LE(tries[0], 8U);
  EXPECT_LE(tries[3], 1U);
}

TEST(Replacing, ARestartIsNotForgottenWhileTheWatchesLag) {
  for (const Duration lag : {Duration(seconds(0)), Duration(seconds(4)), Duration(seconds(20)),
                             Duration(minutes(1)), Duration(minutes(4))}) {
    TestWorld t;
    t.injects = false;
    t.lags = true;
    t.plan.cooldown = minutes(1);
    t.plan.progress_deadline = hours(100);
    t.add("web", 1).owner->surges = true;
    t.settle();
    if (lag > Duration(0)) t.after(lag);
    t.catchUp();
    for (int i = 0; i < 30; ++i) t.after(seconds(10));
    EXPECT_EQ(t.record(0).reason, api::RolloutReason::kWebhookNotAsked) << lag.count();
    EXPECT_LE(t.replaced.size(), 2U) << lag.count();
    t.injects = true;
    for (int i = 0; i < 60; ++i) t.after(minutes(1));
    EXPECT_EQ(t.record(0).state, State::kComplete) << lag.count();
  }
}

TEST(Replacing, AWorkloadGoesOnAtOnceWhenTheWebhooksAnswerChanges) {
  TestWorld t;
  t.add("web", 4);
  t.workload(0).unsupported = true;
  t.workload(0).unsupported_reason = api::RecordedReason::parse("NoRoom");
  t.settle();
  t.after(minutes(3));
  ASSERT_EQ(t.record(0).state, State::kSkipped);
  t.workload(0).unsupported = false;
  t.after(seconds(1));
  t.after(seconds(10));
  EXPECT_FALSE(t.replaced.empty());
}

// Nobody has undone the restart: what is missing is evicted.
TEST(Replacing, ARestartThatWasTriedAgainIsNotAConflict) {
  TestWorld t;
  t.injects = false;
  t.plan.pod_steps = {50, 100};
  t.plan.method = api::RestartMethod::kRolloutRestart;
  t.plan.progress_deadline = hours(100);
  t.add("web", 4).owner->surges = true;
  for (int i = 0; i < 100 && t.replaced.size() < 2; ++i) {
    if (t.record(0).replacements && t.record(0).replacements->fruitless == 1) t.injects = true;
    t.world.now += seconds(1);
    t.pass();
    if (t.replaced.size() < 2) continue;
    bool lost = false;  // one of the two that carry the agent came without it
    t.eachPod(t.workload(0), [&](Pod& pod) {
      if (!std::exchange(lost, lost || !pod.revision.empty()) && lost) pod.revision.clear();
    });
  }
  ASSERT_EQ(t.replaced.size(), 2U);
  for (int i = 0; i < 60; ++i) {
    t.after(minutes(1));
    ASSERT_NE(t.record(0).reason, api::RolloutReason::kGitOpsConflict) << t.replaced.size();
  }
  EXPECT_EQ(t.record(0).state, State::kComplete) << t.record(0).message;
}

// The template carries the restart of the first time: it says nothing about this one.
TEST(Replacing, AnOnlyPodIsRestartedAgainWhenItIsRepaired) {
  TestWorld t;
  t.add("web", 1).owner->surges = true;
  t.settle();
  for (int i = 0; i < 5; ++i) t.after(minutes(10));
  ASSERT_EQ(t.record(0).state, State::kComplete);
  ASSERT_EQ(t.replaced.size(), 1U);
  t.eachPod(t.workload(0), [&](Pod& pod) {
    pod.revision.clear();
    pod.created = t.world.now;
  });
  for (int i = 0; i < 5; ++i) t.after(minutes(1));
  EXPECT_EQ(t.replaced.size(), 2U);
  EXPECT_EQ(t.on(t.workload(0)), 1);
  t.after(minutes(10));
  EXPECT_EQ(t.record(0).state, State::kComplete);
}

// Times have whole seconds: a pod that came in this one could be taken for the successor of the next
// that goes, and that one's outcome for known.
TEST(Replacing, NoPodGoesInTheSecondInWhichOneCame) {
  TestWorld t;
  t.plan.method = api::RestartMethod::kEvict;
  t.add("web", 4);
  for (int i = 0; i < 20 && t.replaced.empty(); ++i) t.pass();
  ASSERT_EQ(t.replaced.size(), 1U);
  t.world.now += std::chrono::milliseconds(700);
  for (int i = 0; i < 5; ++i) t.pass();
  EXPECT_EQ(t.replaced.size(), 1U);
  t.world.now += std::chrono::milliseconds(400);
  for (int i = 0; i < 5; ++i) t.pass();
  EXPECT_GT(t.replaced.size(), 1U);
}

TEST(Replacing, AHeldWorkloadStatesItsReasonUntilThePolicyLetsItTry) {
  TestWorld t;
  t.injects = false;
  t.plan.failure_budget = 100;
  t.plan.max_parallel = 10;
  t.plan.progress_deadline = hours(100);
  for (const char* name : {"a", "b", "c"}) t.add(name, 4);
  for (int i = 0; i < 30; ++i) t.after(seconds(10));
  for (int i = 0; i < 360; ++i) {
    t.after(seconds(10));
    for (int w = 0; w < 3; ++w) {
      const auto& replacements = t.record(w).replacements;
      if (!replacements || replacements->fruitless < 2 || !replacements->since.empty()) continue;
      ASSERT_NE(t.record(w).reason, api::RolloutReason::kFruitlessReplacements) << i << " " << w;
    }
  }
}

TEST(Replacing, RetryOfThePolicyTriesAtOnce) {
  TestWorld t;
  t.injects = false;
  t.add("web", 4);
  for (int i = 0; i < 20; ++i) t.after(seconds(10));
  ASSERT_EQ(t.record(0).state, State::kPaused);
  t.injects = true;
  t.world.now += seconds(1);
  t.plan.retried = t.world.now;
  for (int i = 0; i < 3; ++i) t.after(seconds(31));
  EXPECT_EQ(t.on(t.workload(0)), 4);
}

TEST(Replacing, TheMessageOfARefusalHoldsTheWordsOfTheApiServer) {
  TestWorld t;
  t.add("web", 2);
  beginCause(t, Cause::kRefused);
  t.settle();
  t.after(seconds(31));
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kPodRefused);
  EXPECT_THAT(t.record(0).message, HasSubstr("the quota team is spent"));
}

TEST(Replacing, PodsThatCameSinceTheTryBeganAreNoCandidates) {
  TestWorld t;
  t.plan.pod_steps = {50, 100};
  t.plan.max_unavailable = 4;
  t.injects = false;
  t.add("web", 4);
  for (int i = 0; i < 10; ++i) t.after(seconds(5));
  std::set<std::string> distinct(t.replaced.begin(), t.replaced.end());
  EXPECT_EQ(distinct.size(), t.replaced.size());
}

TEST(Replacing, AWholePolicyStopsAfterAFewPods) {
  TestWorld t;
  t.injects = false;
  t.plan.max_parallel = 50;
  t.plan.failure_budget = 100;
  for (int i = 0; i < 50; ++i) t.add("w" + std::to_string(i), 6);
  for (int i = 0; i < 20; ++i) t.after(seconds(10));
  EXPECT_LE(t.replaced.size(), 6U);
  for (int i = 0; i < 60; ++i) t.after(minutes(1));
  EXPECT_LE(t.replaced.size(), 20U) << "one workload tries at a time, ever less often";
  t.injects = true;
  for (int i = 0; i < 24 * 60; ++i) t.after(minutes(1));
  int complete = 0;
  for (std::size_t i = 0; i < 50; ++i) complete += t.record(i).state == State::kComplete ? 1 : 0;
  EXPECT_EQ(complete, 50);
}

TEST(Replacing, UndoingEndsAfterTwoPodsThatComeBackWithTheAgent) {
  TestWorld t;
  t.add("web", 4);
  t.settle();
  t.after(minutes(10));
  ASSERT_EQ(t.on(t.workload(0)), 4);
  t.template_carries = kTarget;
  t.replaced.clear();
  t.plan.revisions.clear();
  for (int i = 0; i < 20; ++i) t.after(seconds(10));
  EXPECT_LE(t.replaced.size(), 2U);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kPodsRemain);
  EXPECT_THAT(t.record(0).message, HasSubstr("pod template"));
}

TEST(Replacing, BrokenPodsOfATemplateThatCarriesTheAgentAreNotDeletedForEver) {
  TestWorld t;
  t.add("web", 4);
  t.settle();
  t.template_carries = kTarget;
  t.crashing = {kTarget};
  t.eachPod(t.workload(0), [](Pod& p) {
    p.ready = false;
    p.restarts = 2;
    p.failure = Failure{"app", false, false, 139, "Error", "", "", {"java 1.0"}};
  });
  t.settle();
  for (int i = 0; i < 30; ++i) t.after(seconds(10));
  EXPECT_EQ(t.record(0).state, State::kRolledBack);
  EXPECT_LE(t.replaced.size(), 4U + 8U) << "each pod, and two tries";
}

TEST(Replacing, ATemplateThatCarriesAnAgentIsLeftAlone) {
  TestWorld t;
  t.add("web", 4).owner->agent_in_template = true;
  t.settle();
  EXPECT_EQ(t.record(0).state, State::kSkipped);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kAgentInTemplate);
  EXPECT_THAT(t.replaced, IsEmpty());
  t.eachPod(t.workload(0), [](Pod& p) { p.revision = "2222222222"; });
  t.plan.revisions.clear();
  t.settle();
  t.after(std::chrono::minutes(1));
  EXPECT_EQ(t.record(0).state, State::kRolledBack);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kAgentInTemplate);
  EXPECT_THAT(t.replaced, IsEmpty());
}

TEST(Replacing, ManyPodsGoAtOnceOnlyAfterOneHasComeWithTheAgent) {
  TestWorld t;
  t.plan.method = api::RestartMethod::kEvict;
  t.plan.max_unavailable = 50;
  t.add("web", 100);
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 200 && t.on(t.workload(0)) < 100; ++i) {
    t.world.now += seconds(1);
    for (const Change& change : t.pass().changes) {
      if (!change.actions.empty()) sizes.push_back(change.actions.size());
    }
  }
  ASSERT_FALSE(sizes.empty());
  EXPECT_EQ(sizes.front(), 1U);
  const std::size_t most = *std::max_element(sizes.begin(), sizes.end());
  EXPECT_GT(most, 2U);
  EXPECT_LE(most, 10U) << "a tenth of those that came";
}

}  // namespace
}  // namespace profiling::engine
