// Where rollouts of others went wrong, case by case.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/engine/engine.h"
#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Pitfall, GitOpsThatRemovesTheAnnotationIsReportedAfterTwoTries) {
  TestWorld t;
  t.plan.method = api::RestartMethod::kRolloutRestart;
  t.injects = false;
  t.add("web", 3);
  for (int i = 0; i < 30; ++i) {
    t.pass();
    t.workload(0).owner->restarted_for.clear();
    t.world.now += seconds(5);
  }
  EXPECT_EQ(t.record(0).state, State::kPaused);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kGitOpsConflict);
  EXPECT_THAT(t.record(0).message, HasSubstr("ignore"));
  EXPECT_EQ(t.replaced.size(), 2U);
}

TEST(Pitfall, AutoscalerAtItsMaximumIsLeftAloneAndReplicasAreNeverWritten) {
  TestWorld t;
  t.add("web", 4).owner->autoscaled_to_maximum = true;
  t.settle();
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kAutoscalerAtMaximum);
  t.workload(0).owner->autoscaled_to_maximum = false;
  t.settle();
  EXPECT_EQ(t.workload(0).owner->replicas, 4);
  EXPECT_EQ(t.on(t.workload(0)), 4);
}

TEST(Pitfall, AnExhaustedDisruptionBudgetHoldsTheStart) {
  TestWorld t;
  t.add("web", 4).owner->disruptions_allowed = false;
  t.settle();
  EXPECT_THAT(t.replaced, IsEmpty());
}

TEST(Pitfall, ASinglePodIsReplacedBySurgeOrNotAtAll) {
  TestWorld t;
  t.add("surges", 1).owner->surges = true;
  t.add("interrupts", 1);
  t.settle();
  EXPECT_THAT(t.replaced, ElementsAre(HasSubstr("surges restart")));
  EXPECT_EQ(t.record(1).state, State::kSkipped);
  EXPECT_EQ(t.record(1).reason, api::RolloutReason::kSingleReplica);
}

TEST(Pitfall, ASinglePodMayBeInterruptedWhereThePolicySaysEvict) {
  TestWorld t;
  t.plan.method = api::RestartMethod::kEvict;
  t.add("interrupts", 1);
  t.settle();
  EXPECT_EQ(t.on(t.workload(0)), 1);
}

TEST(Pitfall, StatefulSetsComeByOrdinalFromTheTop) {
  TestWorld t;
  t.plan.pod_steps = {40, 100};
  t.add("db", 5, "StatefulSet");
  t.settle();
  EXPECT_THAT(t.replaced, ElementsAre("db-4", "db-3"));
  EXPECT_EQ(t.record(0).first_ordinal, 3);
}

TEST(Pitfall, APartitionIsRespected) {
  TestWorld t;
  t.add("db", 5, "StatefulSet").owner->partition = 3;
  t.settle();
  for (const std::string& name : t.replaced) EXPECT_TRUE(name == "db-4" || name == "db-3") << name;
  EXPECT_EQ(t.on(t.workload(0)), 2);
}

TEST(Pitfall, OnDeleteIsReportedAndNotCountedAsComplete) {
  TestWorld t;
  t.add("db", 3, "StatefulSet").owner->on_delete = true;
  t.settle();
  EXPECT_EQ(t.record(0).state, State::kSkipped);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kOnDelete);
  EXPECT_NE(t.record(0).stable_revision, kTarget);
}

TEST(Pitfall, ADaemonSetLosesNoMorePodsThanMaxUnavailable) {
  TestWorld t;
  t.plan.max_unavailable = 2;
  t.add("node-agent", 9, "DaemonSet");
  for (int i = 0; i < 30; ++i) {
    t.world.now += seconds(1);
    for (const Change& change : t.pass().changes) EXPECT_LE(change.actions.size(), 2U);
  }
  EXPECT_EQ(t.on(t.workload(0)), 9);
}

TEST(Pitfall, JobsAreNeverInterruptedAndGetTheAgentInTheirNextRun) {
  TestWorld t;
  t.add("nightly", 2, "CronJob");
  t.add("once", 1, "Job");
  t.settle();
  EXPECT_THAT(t.replaced, IsEmpty());
  EXPECT_EQ(t.record(0).assigned_revision, kTarget);
  EXPECT_EQ(t.record(1).reason, api::RolloutReason::kNextRun);
}

TEST(Pitfall, APausedOwnerIsSkippedWithItsReasonAndRetried) {
  TestWorld t;
  t.plan.progress_deadline = minutes(30);
  t.add("web", 2).owner->paused = true;
  t.settle();
  t.after(hours(1));
  EXPECT_EQ(t.record(0).state, State::kSkipped);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kOwnerPaused);
  t.workload(0).owner->paused = false;
  t.after(minutes(10));
  EXPECT_EQ(t.on(t.workload(0)), 2);
}

TEST(Pitfall, AnOwnersOwnRolloutComesFirst) {
  TestWorld t;
  t.add("web", 2).owner->rolling_out = true;
  t.after(minutes(5));
  EXPECT_THAT(t.replaced, IsEmpty());
  t.workload(0).owner->rolling_out = false;
  t.after(minutes(1));
  EXPECT_EQ(t.on(t.workload(0)), 2);
}

TEST(Pitfall, PodsMissedWhileTheWebhookWasAwayAreRepairedWithinTheBudgets) {
  TestWorld t;
  t.add("web", 4);
  t.settle();
  t.after(minutes(10));
  ASSERT_EQ(t.record(0).state, State::kComplete);
  t.eachPod(t.workload(0), [&](Pod& p) {
    p.revision.clear();
    p.created = t.world.now;
  });
  t.settle();
  EXPECT_EQ(t.on(t.workload(0)), 0) << "they may be ones whose label was not seen yet";
  t.world.now += minutes(2);
  for (int i = 0; i < 20; ++i) {
    t.world.now += seconds(1);
    for (const Change& change : t.pass().changes) EXPECT_LE(change.actions.size(), 1U);
  }
  EXPECT_EQ(t.on(t.workload(0)), 4);
}

TEST(Pitfall, NoMorePodsAreEvictedWhileTheWebhookIsAway) {
  TestWorld t;
  t.injects = false;
  t.add("web", 20);
  for (int i = 0; i < 100; ++i) {
    t.pass();
    t.world.now += seconds(30);
  }
  EXPECT_LE(t.replaced.size(), 6U);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kWebhookNotAsked);
}

TEST(Pitfall, AStuckWorkloadGivesItsSlotToOthers) {
  TestWorld t;
  t.plan.max_parallel = 1;
  t.plan.failure_budget = 5;
  t.plan.gates.ready_within = hours(10);
  t.add("stuck", 3);
  t.add("next", 3);
  t.pass();
  t.eachPod(t.workload(0), [](Pod& p) {
    if (!p.revision.empty()) p.ready = false;
  });
  t.after(minutes(10));
  EXPECT_EQ(t.on(t.workload(1)), 0);
  t.after(hours(1));
  EXPECT_EQ(t.record(0).state, State::kPaused);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kProgressDeadlineExceeded);
  EXPECT_EQ(t.on(t.workload(1)), 3);
  EXPECT_EQ(t.world.record.failed, 1);
}

TEST(Pitfall, ModeNeverRestartsNoPod) {
  TestWorld t;
  t.plan.mode = api::RestartMode::kNever;
  t.plan.pod_steps = {50, 100};
  t.add("web", 4);
  t.after(hours(1));
  EXPECT_THAT(t.replaced, IsEmpty());
  EXPECT_EQ(t.record(0).target_pods, 2);
}

// What the nearest engine of the field gets wrong, by its code.

TEST(WeakPoint, SlotsAreComputedFromRecordsSoARestartForgetsNoWorkload) {
  TestWorld t;
  t.plan.max_parallel = 2;
  for (int i = 0; i < 4; ++i) t.add("w" + std::to_string(i), 6);
  t.pass();
  t.pass();
  TestWorld restarted;
  restarted.plan = t.plan;
  restarted.world = t.world;  // records and pods: all that is left
  const Decision result = decide(restarted.plan, restarted.world);
  for (const Change& change : result.changes) {
    if (change.actions.empty()) continue;
    EXPECT_TRUE(restarting(t.record(change.workload)));
  }
}

TEST(WeakPoint, AWorkloadThatNeverBecomesReadyDoesNotKeepItsSlot) {
  TestWorld t;
  t.plan.max_parallel = 1;
  t.add("never", 3);
  t.pass();
  t.eachPod(t.workload(0), [](Pod& p) {
    if (!p.revision.empty()) p.ready = false;
  });
  t.after(minutes(6));
  EXPECT_EQ(t.record(0).verdict.reason, api::RolloutReason::kNotReady);
  EXPECT_FALSE(restarting(t.record(0)));
}

TEST(WeakPoint, ARefusedEvictionIsNotRecordedAsDone) {
  TestWorld t;
  t.add("web", 2);
  const Decision lost = decide(t.plan, t.world);  // the record is written, the eviction refused
  t.workload(0).record = lost.changes.front().record;
  t.world.record = lost.policy;
  EXPECT_NE(t.record(0).state, State::kComplete);
  t.after(seconds(16));  // until then the watches may not have shown it
  EXPECT_EQ(t.on(t.workload(0)), 2);
}

TEST(WeakPoint, APodThatWasHealthyForHoursIsJudgedByItsCrashesNotByItsAge) {
  TestWorld t;
  t.plan.mode = api::RestartMode::kOnOwnerChange;
  t.add("web", 2);
  t.eachPod(t.workload(0), [](Pod& p) { p.revision = kTarget; });
  t.settle();
  t.after(hours(5));
  ASSERT_EQ(t.record(0).state, State::kComplete);
  t.eachPod(t.workload(0), [](Pod& p) {
    p.restarts = 1;
    p.failure = Failure{"app", false, false, 1, "Error", ""};
  });
  t.settle();
  EXPECT_NE(t.record(0).state, State::kRolledBack)
      << "one exit code 1 is no proof against the agent";
  EXPECT_EQ(t.record(0).verdict.attribution, Attribution::kUnknown);
}

TEST(WeakPoint, PodsThatTheWebhookInjectedBeforeTheirTurnAreJudgedToo) {
  TestWorld t;
  t.plan.workload_steps = {10, 100};
  t.add("first", 2).bucket = 0;
  t.add("early", 2).bucket = 9000;
  t.eachPod(t.workload(1), [](Pod& p) { p.revision = kTarget; });
  t.settle();
  t.after(minutes(6));
  t.after(minutes(6));
  EXPECT_EQ(t.record(1).state, State::kComplete) << "by way of the gates";
}

TEST(WeakPoint, RollbackKeepsTheSameBudgetsAsRollout) {
  TestWorld t;
  t.plan.max_parallel = 1;
  for (int i = 0; i < 3; ++i) t.add("w" + std::to_string(i), 4);
  t.settle();
  for (int i = 0; i < 8; ++i) t.after(minutes(6));
  ASSERT_EQ(t.record(2).state, State::kComplete);
  t.replaced.clear();
  t.plan.revisions.clear();  // the policy is deleted
  for (int i = 0; i < 60; ++i) {
    std::size_t actions = 0;
    for (const Change& change : t.pass().changes) actions += change.actions.size();
    EXPECT_LE(actions, 1U);
    t.world.now += seconds(10);
  }
  EXPECT_EQ(t.replaced.size(), 12U);
  for (const Workload& w : t.world.workloads) EXPECT_EQ(t.on(w), 0);
}

TEST(WeakPoint, HealthCoversMoreThanBackOff) {
  TestWorld t;
  t.plan.pod_steps = {25, 100};
  t.add("web", 4);
  t.settle();
  t.eachPod(t.workload(0), [](Pod& p) {
    if (p.revision.empty()) return;
    p.restarts = 1;
    p.failure = Failure{"app", false, false, 137, "OOMKilled", ""};  // and runs again
  });
  t.settle();
  EXPECT_EQ(t.record(0).state, State::kRolledBack);
  EXPECT_EQ(t.record(0).verdict.reason, api::RolloutReason::kOomKilled);
}

TEST(WeakPoint, OneWorkloadsFailureStopsTheOthers) {
  TestWorld t;
  t.plan.max_parallel = 1;
  t.crashing = {kTarget};
  for (int i = 0; i < 5; ++i) t.add("w" + std::to_string(i), 3);
  t.after(hours(2));
  EXPECT_EQ(t.replaced.size(), 2U);
  EXPECT_EQ(t.world.record.failed, 1);
}

TEST(WeakPoint, AnOwnersDeployDoesNotJumpTheQueue) {
  TestWorld t;
  t.plan.workload_steps = {10, 100};
  t.add("first", 2).bucket = 0;
  t.add("deploys", 3).bucket = 9000;
  t.settle();
  // The owner replaces all its pods: the record gives them nothing.
  EXPECT_EQ(t.record(1).assigned_revision, "");
  EXPECT_EQ(t.record(1).stable_revision, "");
}

TEST(Overhead, TooMuchOverheadIsReducedBeforeItIsRolledBack) {
  TestWorld t;
  t.plan.revisions = {kTarget, "reduced111", "reduced222"};
  t.plan.gates.max_cpu_percent = 10;
  t.plan.pod_steps = {50, 100};
  t.add("web", 4);
  const auto measure = [&](std::int64_t with) {
    t.eachPod(t.workload(0), [&](Pod& p) {
      p.cpu_milli = p.revision.empty() ? 100 : with;
      p.memory_bytes = 1000;
      p.samples = 5;
    });
    t.settle();
  };
  measure(100);
  measure(200);
  t.after(minutes(6));
  EXPECT_EQ(t.record(0).target_revision, "reduced111");
  EXPECT_EQ(t.record(0).reduction, 1);
  EXPECT_EQ(t.record(0).history.front().result, api::HistoryResult::kTooCostly);
  EXPECT_EQ(t.on(t.workload(0)), 0);
  EXPECT_EQ(t.on(t.workload(0), "reduced111"), 2);
  measure(200);
  t.after(minutes(6));
  EXPECT_EQ(t.record(0).target_revision, "reduced222");
  measure(200);
  t.after(minutes(6));
  EXPECT_EQ(t.record(0).state, State::kRolledBack) << "there is nothing left to try";
}

}  // namespace
}  // namespace profiling::engine
