// What the API server refused, as a workload's record states it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

// A quota without room for a pod more: the owner begins its rollout and cannot go on.
TEST(Refusals, ARestartWhosePodsAreRefusedSaysSoAndGoesOnByItself) {
  TestWorld t;
  t.lags = true;
  t.plan.pod_steps = {50, 100};
  t.plan.method = api::RestartMethod::kRolloutRestart;
  t.plan.progress_deadline = hours(2);
  t.add("web", 4).owner->surges = true;
  for (int i = 0; i < 50 && t.workload(0).owner->restarted_for.empty(); ++i) {
    t.pass();
    t.world.now += seconds(1);
  }
  ASSERT_FALSE(t.workload(0).owner->restarted_for.empty());
  t.workload(0).owner->rolling_out = true;
  t.after(seconds(5));
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kReplacingPods);
  t.workload(0).refusal = Refusal{t.world.now, "the quota team is spent"};
  t.after(seconds(5));
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kPodRefused);
  EXPECT_THAT(t.record(0).message, HasSubstr("the quota team is spent"));
  t.after(seconds(5));
  t.workload(0).refusal->at = t.world.now - seconds(3);
  bool one = false;
  t.eachPod(t.workload(0), [&](Pod& pod) {
    if (!std::exchange(one, true)) pod.created = t.world.now;
  });
  t.after(seconds(1));
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kReplacingPods) << "a pod has come since";
  t.workload(0).owner->rolling_out = false;
  t.catchUp();
  for (int i = 0; i < 60; ++i) t.after(minutes(1));
  EXPECT_EQ(t.record(0).state, State::kComplete) << t.record(0).message;
}

TEST(Refusals, ARefusalOfAnEarlierTimeIsNotTheReason) {
  TestWorld t;
  t.injects = false;
  t.add("web", 2).refusal = Refusal{t.world.now - hours(2), "the quota was spent"};
  t.settle();
  t.after(seconds(31));
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kWebhookNotAsked);
}

}  // namespace
}  // namespace profiling::engine
