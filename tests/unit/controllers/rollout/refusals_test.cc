#include "controllers/rollout/refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace profiling::controllers {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

const engine::Action kEvictWeb{engine::Action::Kind::kEvict, "web-1", "uid-1", ""};
const engine::Action kRestartWeb{engine::Action::Kind::kRolloutRestart, "", "", "r-1"};
constexpr const char* kRefusedWorkload = "shop/Deployment/web";

class RefusalsTest : public testing::Test {
 protected:
  engine::Workload marked() {
    engine::World world;
    engine::Workload w;
    w.key = kRefusedWorkload;
    engine::Pod asked;
    asked.uid = "uid-1";
    engine::Pod other;
    other.uid = "uid-2";
    w.pods = std::make_shared<const engine::Pods>(engine::Pods{asked, other});
    world.workloads.push_back(w);
    left = refusals.mark(world);
    return world.workloads[0];
  }
  test::FakeClock clock;
  Refusals refusals{clock};
  std::optional<milliseconds> left;
};

TEST_F(RefusalsTest, ARefusedPodIsNotTakenForOneThatIsDeleted) {
  EXPECT_FALSE(marked().setback);
  EXPECT_FALSE(left);
  refusals.add(kRefusedWorkload, kEvictWeb, {Code::kRateLimited, "Cannot evict pod"});
  const engine::Workload w = marked();
  ASSERT_TRUE(w.setback);
  EXPECT_EQ(w.setback->reason, api::RolloutReason::kDisruptionBudgetExhausted);
  EXPECT_THAT(w.setback->message, HasSubstr("Cannot evict pod"));
  EXPECT_TRUE((*w.pods)[0].refused);
  EXPECT_FALSE((*w.pods)[0].deleting);
  EXPECT_FALSE((*w.pods)[1].refused);
  EXPECT_EQ(left, milliseconds(5001));
}

TEST_F(RefusalsTest, AnythingElseIsTheApiServersRefusal) {
  refusals.add(kRefusedWorkload, kEvictWeb,
               {Code::kUnavailable, "more than one PodDisruptionBudget"});
  EXPECT_EQ(marked().setback->reason, api::RolloutReason::kActionRefused);
  refusals.add(kRefusedWorkload, kRestartWeb, {Code::kRateLimited, "busy"});
  EXPECT_EQ(marked().setback->reason, api::RolloutReason::kActionRefused);
  EXPECT_THAT(marked().setback->message, HasSubstr("busy"));
}

TEST_F(RefusalsTest, ItIsAskedEverLessOftenUntilItObeys) {
  const Status no{Code::kRateLimited, "no"};
  EXPECT_EQ(refusals.add(kRefusedWorkload, kEvictWeb, no), seconds(5));
  clock.advance(seconds(5));
  EXPECT_FALSE(marked().setback) << "it is asked again now";
  EXPECT_EQ(refusals.add(kRefusedWorkload, kEvictWeb, no), seconds(10));
  EXPECT_EQ(refusals.add(kRefusedWorkload, kEvictWeb, no), seconds(20));
  for (int i = 0; i < 3; ++i) refusals.add(kRefusedWorkload, kEvictWeb, no);
  EXPECT_EQ(refusals.add(kRefusedWorkload, kEvictWeb, no), seconds(300));
  EXPECT_EQ(refusals.add(kRefusedWorkload, kEvictWeb, no), seconds(300));
  refusals.done(kRefusedWorkload);
  EXPECT_FALSE(marked().setback);
  EXPECT_EQ(refusals.add(kRefusedWorkload, kEvictWeb, no), seconds(5));
  clock.advance(hours(2));
  marked();
  EXPECT_EQ(refusals.add(kRefusedWorkload, kEvictWeb, no), seconds(5)) << "it was long ago";
}

TEST_F(RefusalsTest, ThereIsNoOutcomeToWaitForWhereNothingWent) {
  EXPECT_FALSE(marked().nothing_went);
  refusals.nothingWent(kRefusedWorkload);
  EXPECT_TRUE(marked().nothing_went);
  refusals.add(kRefusedWorkload, kEvictWeb, {Code::kRateLimited, "no"});
  EXPECT_TRUE(marked().nothing_went);
  refusals.add(kRefusedWorkload, kEvictWeb, {Code::kUnavailable, "connection reset"});
  EXPECT_FALSE(marked().nothing_went) << "the pod may have gone";
  refusals.nothingWent(kRefusedWorkload);
  refusals.done(kRefusedWorkload);
  EXPECT_FALSE(marked().nothing_went);
  refusals.nothingWent(kRefusedWorkload);
  clock.advance(hours(1));
  EXPECT_FALSE(marked().nothing_went) << "it was long ago";
}

}  // namespace
}  // namespace profiling::controllers
