// The engine's course, state by state.
#include "controllers/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/engine/machine.h"
#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using std::chrono::minutes;

TEST(Engine, MovesPodsStepByStepAndSoaksInBetween) {
  TestWorld t;
  t.plan.pod_steps = {10, 50, 100};
  t.add("web", 10);
  t.settle();
  EXPECT_EQ(t.record(0).state, State::kSoaking);
  EXPECT_EQ(t.record(0).step, 1);
  EXPECT_EQ(t.on(t.workload(0)), 1);
  EXPECT_EQ(t.record(0).target_pods, 1);

  t.after(minutes(4));
  EXPECT_EQ(t.record(0).step, 1);
  t.after(minutes(2));
  EXPECT_EQ(t.record(0).step, 2);
  EXPECT_EQ(t.on(t.workload(0)), 5);
  t.after(minutes(6));
  EXPECT_EQ(t.on(t.workload(0)), 10);
  EXPECT_EQ(t.record(0).state, State::kSoaking);
  t.after(minutes(6));
  EXPECT_EQ(t.record(0).state, State::kComplete);
  EXPECT_EQ(t.record(0).stable_revision, kTarget);
  EXPECT_FALSE(t.record(0).target_pods);
  EXPECT_EQ(t.plan.stable, kTarget);
}

TEST(Engine, WorkloadsComeInCohorts) {
  TestWorld t;
  t.plan.workload_steps = {10, 100};
  for (int i = 0; i < 20; ++i)
    t.add("w" + std::to_string(i), 2).bucket = static_cast<std::uint32_t>(i) * 500;
  t.settle();
  EXPECT_EQ(t.world.record.step, 1);
  EXPECT_EQ(t.world.record.active, 2);
  EXPECT_EQ(t.record(5).state, State::kPending);
  t.after(minutes(6));
  EXPECT_EQ(t.world.record.step, 2);
  EXPECT_EQ(t.record(0).state, State::kComplete);
  EXPECT_NE(t.record(5).state, State::kPending);
}

TEST(Engine, AnAgentThatCrashesIsUndoneAndStopsTheRest) {
  TestWorld t;
  t.plan.pod_steps = {10, 100};
  t.plan.max_parallel = 1;
  t.crashing = {kTarget};
  t.add("bad", 10);
  t.add("next", 10);
  t.settle();
  EXPECT_EQ(t.record(0).state, State::kRolledBack);
  EXPECT_EQ(t.record(0).verdict.attribution, Attribution::kAgent);
  EXPECT_EQ(t.record(0).rejected_revision, kTarget);
  EXPECT_EQ(t.on(t.workload(0)), 0);
  EXPECT_EQ(t.on(t.workload(1)), 0);
  EXPECT_EQ(t.record(1).reason, api::RolloutReason::kFailureBudgetSpent);
  EXPECT_EQ(t.world.record.reason, api::PolicyRolloutReason::kFailureBudgetSpent);
  EXPECT_EQ(t.replaced.size(), 2U) << "one pod there and back";
}

TEST(Engine, AWorkloadWithoutPodsProvesNothing) {
  TestWorld t;
  t.plan.workload_steps = {10, 100};
  t.settle();
  EXPECT_EQ(t.world.record.step, 1);
  EXPECT_EQ(t.plan.stable, "");
  t.add("empty", 0);
  t.settle();
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kNoPods);
  EXPECT_EQ(t.plan.stable, "");
}

TEST(Engine, ASettledWorkloadNeedsNoPods) {
  TestWorld t;
  t.plan.pod_steps = {50, 100};
  t.add("web", 4);
  for (int i = 0; i < 4; ++i) t.after(minutes(6));
  ASSERT_EQ(t.record(0).state, State::kComplete);
  Workload& w = t.workload(0);
  w.steady = kTarget;
  ASSERT_TRUE(settled(t.plan, w));
  w.pods = std::make_shared<const Pods>();
  EXPECT_TRUE(decide(t.plan, t.world).changes.empty());
  EXPECT_EQ(decide(t.plan, t.world).policy.complete, 1);
  t.plan.aborted = kTarget;
  EXPECT_FALSE(settled(t.plan, w));
  t.plan.aborted.clear();
  t.plan.revisions = {"2222222222"};
  EXPECT_FALSE(settled(t.plan, w));
}

TEST(Engine, WithoutARolloutNewPodsGetTheAgentAndNoneIsRestarted) {
  TestWorld t;
  t.plan.mode = api::RestartMode::kOnOwnerChange;
  ASSERT_TRUE(t.plan.immediate());
  t.add("web", 3);
  t.settle();
  EXPECT_EQ(t.record(0).state, State::kStepping);
  EXPECT_EQ(t.record(0).assigned_revision, kTarget);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kWaitingForOwner);
  EXPECT_THAT(t.replaced, testing::IsEmpty());
}

}  // namespace
}  // namespace profiling::engine
