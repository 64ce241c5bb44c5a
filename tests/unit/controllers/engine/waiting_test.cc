// Workloads that only wait: their pods are read when their turn comes, and not before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/engine/machine.h"
#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class Waiting : public testing::Test {
 protected:
  Waiting() {
    t.plan.max_parallel = 1;
    for (int i = 0; i < 3; ++i) t.add("w" + std::to_string(i), 4);
    for (int i = 0; i < 20 && t.record(2).reason != api::RolloutReason::kQueued; ++i) t.pass();
  }
  // As the reader of the world does it.
  void leaveOut() {
    for (Workload& w : t.world.workloads) {
      all_.push_back(w.pods);
      w.steady = steadyRevision(*w.pods);
      if (!w.steady || needsPods(t.plan, w)) continue;
      w.pods = nullptr;
      w.owner.reset();  // it is read anew in each pass
    }
    t.world.read_pods = [this](std::size_t i) {
      read_.insert(i);
      return all_.at(i);
    };
  }
  std::set<std::size_t> readByDecision() {
    read_.clear();
    decide(t.plan, t.world);
    return read_;
  }
  std::vector<std::shared_ptr<const Pods>> all_;
  std::set<std::size_t> read_;
  TestWorld t;
};

TEST_F(Waiting, PodsOfQueuedWorkloadsAreNotRead) {
  ASSERT_EQ(t.record(1).reason, api::RolloutReason::kQueued);
  ASSERT_EQ(t.record(2).reason, api::RolloutReason::kQueued);
  leaveOut();
  EXPECT_TRUE(t.workload(0).pods) << "it is being rolled out";
  EXPECT_FALSE(t.workload(1).pods);
  EXPECT_FALSE(t.workload(2).pods);
  for (const Change& change : decide(t.plan, t.world).changes) EXPECT_EQ(change.workload, 0U);
  EXPECT_THAT(readByDecision(), IsEmpty());
}

TEST_F(Waiting, PodsAreReadWhenASlotIsFree) {
  leaveOut();
  t.plan.max_parallel = 3;
  EXPECT_THAT(readByDecision(), SizeIs(2));
}

TEST_F(Waiting, PodsAreReadWhenAnotherObstacleComesFirst) {
  leaveOut();
  t.plan.paused = true;
  EXPECT_THAT(readByDecision(), SizeIs(2)) << "their records must state why they wait now";
}

TEST_F(Waiting, AnOverrideOrAnotherTargetNeedsPods) {
  const auto left_out = [&](const std::function<void(Workload&)>& change) {
    Workload w = t.workload(1);
    w.steady = steadyRevision(*w.pods);
    change(w);
    return queuedForTurn(t.plan, w);
  };
  EXPECT_TRUE(left_out([](Workload&) {}));
  EXPECT_FALSE(left_out([](Workload& w) { w.overrides.skip = true; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.overrides.pin = "x"; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.record.target_revision = "x"; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.record.max_unavailable = 9; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.images = {"sha256:aa"}; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.record.reason = api::RolloutReason::kCooldown; }));
  EXPECT_FALSE(left_out([](Workload& w) { w.steady.reset(); }));
}

}  // namespace
}  // namespace profiling::engine
