#include "operator/kube/lease.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct LeaseMachineTest : ::testing::Test {
  LeaseTiming timing;
  LeaseMachine machine{"a", timing};
  SteadyTime now{1h};
  WallTime wall{std::chrono::seconds(1'700'000'000)};

  template <class Step>
  Step step() {
    const LeaseStep s = machine.next(now, wall);
    EXPECT_TRUE(std::holds_alternative<Step>(s)) << "step " << s.index();
    return std::holds_alternative<Step>(s) ? std::get<Step>(s) : Step{};
  }
  static LeaseRecord held(const std::string& by, const std::string& renewed) {
    return {by, 30, "t0", renewed, 3, "7"};
  }
  void lead() {
    step<LeaseRead>();
    machine.seen(std::nullopt, now);
    LeaseRecord stored = step<LeaseWrite>().record;
    stored.resource_version = "1";
    machine.written(stored, now);
  }
};

TEST_F(LeaseMachineTest, AnAbsentLeaseIsCreatedAndThenRenewedWithoutARead) {
  step<LeaseRead>();
  machine.seen(std::nullopt, now);
  const LeaseWrite first = step<LeaseWrite>();
  EXPECT_TRUE(first.create);
  EXPECT_EQ(first.record.holder, "a");
  EXPECT_EQ(first.record.duration_seconds, 30);
  EXPECT_EQ(first.record.renew_time, "2023-11-14T22:13:20.000000Z");
  EXPECT_FALSE(machine.leading(now)) << "not before the server has stored it";
  LeaseRecord stored = first.record;
  stored.resource_version = "1";
  machine.written(stored, now);
  EXPECT_TRUE(machine.leading(now));
  EXPECT_EQ(step<LeaseWait>().delay, timing.retry);
  const LeaseWrite renewal = step<LeaseWrite>();
  EXPECT_FALSE(renewal.create);
  EXPECT_EQ(renewal.record.resource_version, "1");
  EXPECT_EQ(renewal.record.acquire_time, first.record.acquire_time);
  EXPECT_EQ(renewal.record.transitions, 0);
}

TEST_F(LeaseMachineTest, AHeldLeaseIsTakenOnlyAfterItsDurationWithoutRenewal) {
  const auto look = [&](const std::string& renewed) {
    step<LeaseRead>();
    machine.seen(held("b", renewed), now);
  };
  look("t1");
  EXPECT_EQ(step<LeaseWait>().delay, timing.retry / 2);
  now += 29s;
  look("t1");
  step<LeaseWait>();
  now += 500ms;
  look("t2");  // renewed: the 30 s begin again
  step<LeaseWait>();
  now += 29s;
  look("t2");
  step<LeaseWait>();
  now += 1s;
  look("t2");
  const LeaseWrite claim = step<LeaseWrite>();
  EXPECT_EQ(claim.record.holder, "a");
  EXPECT_EQ(claim.record.transitions, 4);
  EXPECT_EQ(claim.record.resource_version, "7");
}

TEST_F(LeaseMachineTest, ReleasedLeaseIsTakenAtOnce) {
  step<LeaseRead>();
  machine.seen(held("", "t1"), now);
  EXPECT_EQ(step<LeaseWrite>().record.holder, "a");
}

TEST_F(LeaseMachineTest, LeadershipEndsAtTheRenewalDeadlineAfterTheSend) {
  lead();
  EXPECT_EQ(machine.heldUntil(), now + 20s);
  step<LeaseWait>();
  now += 4s;
  step<LeaseWrite>();
  machine.writeFailed();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(step<LeaseWait>().delay, timing.retry);
    now += 4s;
    step<LeaseRead>();
    machine.readFailed();
  }
  EXPECT_TRUE(machine.leading(now));
  now += 8s;
  EXPECT_FALSE(machine.leading(now));
}

TEST_F(LeaseMachineTest, ARenewalWithALostAnswerIsContinued) {
  lead();
  step<LeaseWait>();
  step<LeaseWrite>();
  machine.writeFailed();
  step<LeaseWait>();
  step<LeaseRead>();
  machine.seen(held("a", "t9"), now);
  EXPECT_TRUE(machine.leading(now));
  EXPECT_EQ(step<LeaseWrite>().record.resource_version, "7");
}

TEST_F(LeaseMachineTest, AnotherHolderEndsLeadershipAtOnce) {
  lead();
  step<LeaseWait>();
  step<LeaseWrite>();
  machine.writeFailed();
  step<LeaseWait>();
  step<LeaseRead>();
  machine.seen(held("b", "t9"), now);
  EXPECT_FALSE(machine.leading(now));
  EXPECT_EQ(machine.holder(), "b");
  EXPECT_FALSE(machine.release(wall));
}

TEST_F(LeaseMachineTest, OnlyTheHolderReleases) {
  EXPECT_FALSE(machine.release(wall));
  lead();
  const auto free = machine.release(wall);
  ASSERT_TRUE(free);
  EXPECT_EQ(free->record.holder, "");
  EXPECT_EQ(free->record.duration_seconds, 1);
  EXPECT_EQ(free->record.resource_version, "1");
}

TEST(LeaseCodec, FieldsOfWrongTypeCountAsAbsent) {
  EXPECT_EQ(leaseFromJson({{"spec", {{"holderIdentity", 7}, {"leaseTransitions", "x"}}}}),
            LeaseRecord{});
  EXPECT_EQ(leaseFromJson({{"metadata", 1}, {"spec", nullptr}}), LeaseRecord{});
  const LeaseRecord record{"a", 30, "t0", "t1", 2, ""};
  EXPECT_EQ(leaseFromJson({{"spec", leaseSpec(record)}}), record);
}

TEST(LeaseTiming, PartsMustFitTogether) {
  EXPECT_TRUE(checkTiming({}).ok());
  EXPECT_THAT(checkTiming({30s, 30s, 4s}).message(),
              HasSubstr("--leader-elect-lease-duration 30s"));
  EXPECT_THAT(checkTiming({30s, 8s, 4s}).message(), HasSubstr("--leader-elect-renew-deadline 8s"));
  EXPECT_THAT(checkTiming({30s, 8s, 0s}).message(), HasSubstr("--leader-elect-retry-period 0s"));
}

}  // namespace
}  // namespace profiling::kube
