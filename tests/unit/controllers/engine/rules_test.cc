// The rules of docs/designs/rollout-rules.md, by their numbers. Rule 7 is tested in gates_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/engine/engine.h"
#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kOther = "2222222222";

TEST(Rule01, SharesOfWorkloadsAndOfTheirPodsAreIndependent) {
  TestWorld t;
  t.plan.workload_steps = {50, 100};
  t.plan.pod_steps = {20, 100};
  for (int i = 0; i < 4; ++i) {
    t.add("w" + std::to_string(i), 10).bucket = static_cast<std::uint32_t>(i) * 2500;
  }
  t.settle();
  EXPECT_EQ(t.on(t.workload(0)), 2);
  EXPECT_EQ(t.on(t.workload(1)), 2);
  EXPECT_EQ(t.on(t.workload(2)), 0);
}

TEST(Rule02, CohortsComeFromAHashAndOnlyGrow) {
  std::size_t in_ten = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = "shop/Deployment/w" + std::to_string(i);
    const std::uint32_t bucket = bucketOf("policy", key);
    EXPECT_EQ(bucket, bucketOf("policy", key));
    EXPECT_LT(bucket, 10000U);
    in_ten += bucket < 1000 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(in_ten), 200, 60);
  EXPECT_NE(bucketOf("policy", "a/Deployment/b"), bucketOf("another", "a/Deployment/b"));
}

TEST(Rule02, NoStepIsEmptyWhileAWorkloadExists) {
  TestWorld t;
  t.plan.workload_steps = {1, 100};
  t.add("only", 2).bucket = 9999;
  t.settle();
  EXPECT_EQ(t.record(0).state, State::kSoaking);
}

TEST(Rule02, WavesComeOneAfterTheOtherThroughAllTheirSteps) {
  TestWorld t;
  t.plan.waves = 2;
  t.plan.workload_steps = {50};
  for (int i = 0; i < 4; ++i) {
    Workload& w = t.add("w" + std::to_string(i), 2);
    w.wave = static_cast<std::size_t>(i) / 2;
    w.bucket = i % 2 == 0 ? 1000 : 9000;
  }
  t.settle();
  EXPECT_EQ(t.on(t.workload(0)), 2);
  EXPECT_EQ(t.on(t.workload(2)), 0);
  t.after(minutes(6));
  t.after(minutes(6));
  EXPECT_EQ(t.on(t.workload(2)), 2);
  EXPECT_EQ(t.on(t.workload(1)), 0) << "it is in no step, whichever wave it is";
}

TEST(Rule03, OnlyTheRecordChangesTheAssignment) {
  TestWorld t;
  t.plan.workload_steps = {10, 100};
  t.add("first", 2).bucket = 0;
  t.add("later", 2).bucket = 9000;
  t.settle();
  EXPECT_EQ(t.record(0).assigned_revision, kTarget);
  EXPECT_EQ(t.record(1).assigned_revision, "") << "an owner's own deploy gets no agent either";
}

TEST(Rule04, NoMoreWorkloadsInParallelThanTheBudgetsAllow) {
  TestWorld t;
  t.plan.max_parallel = 2;
  t.plan.max_unavailable = 1;
  for (int i = 0; i < 6; ++i) t.add("w" + std::to_string(i), 4);
  for (int i = 0; i < 60; ++i) {
    t.world.now += std::chrono::seconds(1);
    const Decision result = t.pass();
    int restarting_now = 0;
    for (const Workload& w : t.world.workloads) restarting_now += restarting(w.record) ? 1 : 0;
    EXPECT_LE(restarting_now, 2);
    for (const Change& change : result.changes) EXPECT_LE(change.actions.size(), 1U);
  }
  EXPECT_GT(t.replaced.size(), 20U);
}

TEST(Rule04, TheClusterLimitCountsWorkloadsOfOtherPolicies) {
  TestWorld t;
  t.world.max_restarting = 3;
  t.world.restarting_elsewhere = 3;
  t.add("web", 4);
  t.settle();
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kQueued);
  EXPECT_THAT(t.replaced, IsEmpty());
}

TEST(Rule04, PoliciesOfOneNamespaceTakeOnlyTheirPartOfTheClusterLimit) {
  TestWorld t;
  t.world.max_restarting = 20;
  t.world.restarting_elsewhere = t.world.restarting_in_namespace = t.world.max_in_namespace = 5;
  t.add("web", 4);
  t.settle();
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kQueued);
  t.world.restarting_in_namespace = 0;
  t.settle();
  EXPECT_EQ(t.on(t.workload(0)), 4);
}

TEST(Rule04, PodsThatDoNotRunAreUndoneWithoutAPlace) {
  TestWorld t;
  t.add("web", 4);
  t.settle();
  ASSERT_EQ(t.on(t.workload(0)), 4);
  t.eachPod(t.workload(0), [&](Pod& pod) {
    pod.ready = pod.name == "web-0";
    if (!pod.ready) pod.failure = Failure{"app", false, false, 139, "Error", "", "", {t.agent}};
    pod.restarts = pod.ready ? 0 : 3;
  });
  t.world.max_restarting = t.world.restarting_elsewhere = 3;
  for (int i = 0; i < 20; ++i) t.after(seconds(10));
  EXPECT_EQ(t.on(t.workload(0)), 1) << "the pod that runs waits for a place";
}

TEST(Rule04, PodsAreReplacedInMaintenanceWindowsOnly) {
  TestWorld t;
  Window window;
  window.days.fill(true);
  window.start = hours(22);
  window.length = hours(2);
  t.plan.windows = {window};
  t.add("web", 4);
  t.settle();
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kOutsideWindow);
  EXPECT_EQ(t.world.record.reason, api::PolicyRolloutReason::kOutsideWindow);
  EXPECT_THAT(t.replaced, IsEmpty());
  t.after(hours(10) + minutes(1));
  EXPECT_EQ(t.on(t.workload(0)), 4);
}

struct Against {
  api::RecordedReason reason;
  void (*make)(TestWorld&);
};
class Rule05 : public testing::TestWithParam<Against> {};
TEST_P(Rule05, PreflightWaitsOrSkipsWithAReason) {
  TestWorld t;
  t.add("web", 4);
  GetParam().make(t);
  t.settle();
  EXPECT_EQ(t.record(0).reason, GetParam().reason);
  EXPECT_THAT(t.replaced, IsEmpty());
}

const Against kAgainst[] = {
    {api::RolloutReason::kUnhealthyBefore,
     [](TestWorld& w) {
       w.eachPod(w.workload(0), [](Pod& p) {
         p.ready = false;
         p.failure = Failure{"app", false, false, 1, "Error", ""};
       });
     }},
    {api::RolloutReason::kOwnerRollingOut,
     [](TestWorld& w) { w.workload(0).owner->rolling_out = true; }},
    {api::RolloutReason::kOwnerPaused, [](TestWorld& w) { w.workload(0).owner->paused = true; }},
    {api::RolloutReason::kOnDelete, [](TestWorld& w) { w.workload(0).owner->on_delete = true; }},
    {api::RolloutReason::kAutoscalerAtMaximum,
     [](TestWorld& w) { w.workload(0).owner->autoscaled_to_maximum = true; }},
    {api::RolloutReason::kDisruptionBudgetExhausted,
     [](TestWorld& w) { w.workload(0).owner->disruptions_allowed = false; }},
    {api::RecordedReason::parse("EmbeddedSDK"),
     [](TestWorld& w) {
       w.workload(0).unsupported = true;
       w.workload(0).unsupported_reason = api::RecordedReason::parse("EmbeddedSDK");
     }},
    {api::RolloutReason::kServerNotReady,
     [](TestWorld& w) { w.world.sources.server = "it is away"; }},
    {api::RolloutReason::kServerUnavailable, [](TestWorld& w) { w.plan.available = false; }},
    {api::RolloutReason::kPolicyPaused, [](TestWorld& w) { w.plan.paused = true; }}};
std::string reasonOf(const testing::TestParamInfo<Against>& against) {
  return std::string(against.param.reason.text());
}
INSTANTIATE_TEST_SUITE_P(All, Rule05, testing::ValuesIn(kAgainst), reasonOf);

TEST(Rule06, TheBaselineIsTakenBeforeTheFirstChange) {
  TestWorld t;
  t.plan.gates.max_cpu_percent = 10;
  t.add("web", 4);
  t.settle();
  EXPECT_EQ(t.record(0).state, State::kBaselining);
  EXPECT_THAT(t.replaced, IsEmpty());
  t.eachPod(t.workload(0), [](Pod& p) {
    p.cpu_milli = 200;
    p.memory_bytes = 1000;
    p.samples = 3;
    p.restarts = 1;
  });
  t.settle();
  ASSERT_TRUE(t.record(0).baseline);
  EXPECT_EQ(t.record(0).baseline->cpu_milli, 200);
  EXPECT_EQ(t.record(0).baseline->restarts, 4);
  EXPECT_EQ(t.on(t.workload(0)), 4);
}

TEST(Rule08, AnOutageOfMetricsHoldsAndDoesNotRollBack) {
  TestWorld t;
  t.plan.pod_steps = {50, 100};
  t.plan.gates.max_cpu_percent = 10;
  t.plan.progress_deadline = hours(1);
  t.add("web", 4);
  t.world.sources.metrics = false;
  t.settle();
  t.after(minutes(2));   // without a baseline
  t.after(minutes(10));  // soaked
  EXPECT_EQ(t.record(0).state, State::kEvaluating);
  EXPECT_EQ(t.record(0).verdict.result, Verdict::kError);
  t.after(hours(2));
  EXPECT_EQ(t.record(0).state, State::kPaused);
  EXPECT_EQ(t.on(t.workload(0)), 2);
  t.world.sources.metrics = true;
  t.eachPod(t.workload(0), [](Pod& p) {
    p.cpu_milli = 100;
    p.memory_bytes = 1000;
    p.samples = 5;
  });
  t.settle();
  EXPECT_EQ(t.record(0).step, 2) << "it goes on by itself when the verdict is clear";
}

TEST(Rule09, PauseBeginsNothingAndFinishesWhatIsUnderWay) {
  TestWorld t;
  t.plan.pod_steps = {50, 100};
  t.add("web", 4);
  t.add("next", 4).bucket = 9000;
  t.plan.workload_steps = {10, 100};
  t.settle();
  t.plan.paused = true;
  const auto before = t.replaced.size();
  t.after(hours(1));
  EXPECT_EQ(t.replaced.size(), before);
  EXPECT_EQ(t.on(t.workload(0)), 2) << "nothing is taken back";
  EXPECT_EQ(t.world.record.reason, api::PolicyRolloutReason::kPaused);
  t.plan.paused = false;
  t.after(minutes(6));
  EXPECT_EQ(t.on(t.workload(0)), 4);
}

TEST(Rule09, AbortReassignsTheRestAndRollsBackWithinTheBudgets) {
  TestWorld t;
  t.plan.max_parallel = 1;
  t.plan.pod_steps = {50, 100};
  t.add("web", 6);
  t.add("next", 6);
  t.settle();
  ASSERT_EQ(t.on(t.workload(0)), 3);
  t.plan.aborted = kTarget;
  for (int i = 0; i < 40; ++i) {
    t.world.now += std::chrono::seconds(1);
    for (const Change& change : t.pass().changes) EXPECT_LE(change.actions.size(), 1U);
  }
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(t.record(i).state, State::kRolledBack);
    EXPECT_EQ(t.record(i).assigned_revision, "");
    EXPECT_EQ(t.on(t.workload(i)), 0);
  }
  EXPECT_EQ(t.world.record.reason, api::PolicyRolloutReason::kAborted);
}

TEST(Rule10, AStepThatNeedsApprovalWaitsToBePromoted) {
  TestWorld t;
  t.plan.approval = true;
  t.plan.workload_steps = {10, 100};
  t.add("first", 2).bucket = 0;
  t.add("later", 2).bucket = 9000;
  t.settle();
  t.after(minutes(6));
  EXPECT_EQ(t.world.record.reason, api::PolicyRolloutReason::kAwaitingApproval);
  EXPECT_EQ(t.on(t.workload(1)), 0);
  t.plan.promoted = std::string(kTarget) + "/0/2";
  t.settle();
  EXPECT_EQ(t.on(t.workload(1)), 2);
}

TEST(Rule10, FullPromotionMovesEverythingAtOnce) {
  TestWorld t;
  t.plan.workload_steps = {10, 100};
  t.plan.pod_steps = {10, 50, 100};
  t.add("first", 4).bucket = 0;
  t.add("later", 4).bucket = 9000;
  t.plan.promoted = kTarget;
  t.settle();
  EXPECT_EQ(t.record(0).state, State::kComplete);
  EXPECT_EQ(t.record(1).state, State::kComplete);
}

TEST(Rule10, PeopleSkipPauseAndPinSingleWorkloads) {
  TestWorld t;
  t.add("skipped", 2).overrides.skip = true;
  t.add("paused", 2).overrides.paused = true;
  t.add("pinned", 2).overrides.pin = kOther;
  t.add("free", 2);
  t.settle();
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kSkippedByUser);
  EXPECT_EQ(t.on(t.workload(0)), 0);
  EXPECT_EQ(t.on(t.workload(1)), 0);
  EXPECT_EQ(t.on(t.workload(2), kOther), 2);
  EXPECT_EQ(t.on(t.workload(3)), 2);
}

TEST(Rule11, ARolledBackWorkloadStaysOutUntilARetryOrANewRevision) {
  TestWorld t;
  t.plan.failure_budget = 10;
  t.crashing = {kTarget};
  t.add("web", 3);
  t.settle();
  ASSERT_EQ(t.record(0).state, State::kRolledBack);
  const auto before = t.replaced.size();
  t.after(hours(24));
  EXPECT_EQ(t.replaced.size(), before);
  t.crashing.clear();
  t.plan.retried = t.world.now;
  t.after(seconds(1));
  EXPECT_EQ(t.on(t.workload(0)), 3);
}

TEST(Rule11, AnotherRevisionIsTried) {
  TestWorld t;
  t.crashing = {kTarget};
  t.add("web", 3);
  t.settle();
  ASSERT_EQ(t.record(0).state, State::kRolledBack);
  t.plan.revisions = {kOther};
  t.after(minutes(1));
  EXPECT_EQ(t.on(t.workload(0), kOther), 3);
}

TEST(Rule12, ANewRevisionRetargetsAndRespectsTheCooldown) {
  TestWorld t;
  t.plan.cooldown = minutes(10);
  t.add("web", 2);
  t.settle();
  ASSERT_EQ(t.on(t.workload(0)), 2);
  t.plan.revisions = {kOther};
  t.after(minutes(5));
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kCooldown);
  EXPECT_EQ(t.on(t.workload(0)), 2);
  t.after(minutes(6));
  EXPECT_EQ(t.on(t.workload(0), kOther), 2);
}

TEST(Rule13, TheResultIsTheSameWhereverTheControllerIsKilled) {
  const auto run = [](int kill_at) {
    TestWorld t;
    t.plan.pod_steps = {50, 100};
    t.plan.max_parallel = 2;
    for (int i = 0; i < 4; ++i) t.add("w" + std::to_string(i), 4);
    for (int pass = 0; pass < 400; ++pass) {
      if (pass % 7 == kill_at) {
        // Records are written, the actions are lost with the process.
        const Decision lost = decide(t.plan, t.world);
        for (const Change& change : lost.changes)
          t.workload(change.workload).record = change.record;
        t.world.record = lost.policy;
      } else {
        t.pass();
      }
      t.world.now += seconds(20);
    }
    std::string end;
    for (const Workload& w : t.world.workloads) {
      end += w.record.assigned_revision + " " + std::to_string(t.on(w)) + " " +
             std::to_string(static_cast<int>(w.record.state)) + "; ";
    }
    return end;
  };
  const std::string undisturbed = run(-1);
  EXPECT_THAT(undisturbed, HasSubstr(kTarget));
  for (int kill_at = 0; kill_at < 7; ++kill_at) EXPECT_EQ(run(kill_at), undisturbed) << kill_at;
}

TEST(Rule14, RecordsAreBounded) {
  TestWorld t;
  t.plan.failure_budget = 100;
  t.add("web", 40);
  for (int i = 0; i < 12; ++i) {
    t.plan.revisions = {"rev" + std::to_string(i)};
    if (i % 2 == 1) t.crashing = {t.plan.revisions.front()};
    t.after(minutes(20));
  }
  EXPECT_LE(t.record(0).history.size(), api::kMaxHistory);
  EXPECT_LE(t.record(0).verdict.evidence.size(), api::kMaxEvidence);
}

}  // namespace
}  // namespace profiling::engine
