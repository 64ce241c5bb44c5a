// Workloads that only wait: their pods are not looked at, and are asked for when their turn comes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using testing::SizeIs;

class Waiting : public testing::Test {
 protected:
  Waiting() {
    t.plan.max_parallel = 1;
    for (int i = 0; i < 3; ++i) t.add("w" + std::to_string(i), 4);
    for (int i = 0; i < 20 && t.record(2).reason != "Queued"; ++i) t.pass();
  }
  // As the reader of the world does it.
  void leaveOut() {
    for (Workload& w : t.world.workloads) {
      w.calm = calmOf(*w.pods);
      w.pods_left_out = w.calm && waits(t.plan, w);
      if (w.pods_left_out) w.pods = std::make_shared<const Pods>();
    }
  }
  std::vector<std::size_t> asked() const {
    std::vector<std::size_t> out;
    for (const Change& change : decide(t.plan, t.world).changes) {
      if (change.wants_pods) out.push_back(change.workload);
    }
    return out;
  }
  TestWorld t;
};

TEST_F(Waiting, ThoseInTheQueueAreLeftAlone) {
  ASSERT_EQ(t.record(1).reason, "Queued");
  ASSERT_EQ(t.record(2).reason, "Queued");
  leaveOut();
  EXPECT_FALSE(t.workload(0).pods_left_out) << "it is at it";
  EXPECT_TRUE(t.workload(1).pods_left_out);
  EXPECT_TRUE(t.workload(2).pods_left_out);
  for (const Change& change : decide(t.plan, t.world).changes) EXPECT_EQ(change.workload, 0U);
}

TEST_F(Waiting, APlaceThatIsFreeIsAskedFor) {
  leaveOut();
  t.plan.max_parallel = 3;
  EXPECT_THAT(asked(), SizeIs(2));
}

TEST_F(Waiting, WhatHoldsAllOfThemIsAskedAboutWhenItIsAnother) {
  leaveOut();
  t.plan.paused = true;
  EXPECT_THAT(asked(), SizeIs(2)) << "their records must say why they wait now";
}

TEST_F(Waiting, AWishOrAnotherTargetIsNoWaiting) {
  const auto left_out = [&](const std::function<void(Workload&)>& change) {
    Workload w = t.workload(1);
    w.calm = calmOf(*w.pods);
    change(w);
    return waits(t.plan, w);
  };
  EXPECT_TRUE(left_out([](Workload&) {}));
  EXPECT_FALSE(left_out([](Workload& w) { w.wishes.skip = true; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.wishes.pin = "x"; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.record.target_revision = "x"; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.record.max_unavailable = 9; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.images = {"sha256:aa"}; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.record.reason = "Cooldown"; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.calm.reset(); }));
}

}  // namespace
}  // namespace profiling::engine
