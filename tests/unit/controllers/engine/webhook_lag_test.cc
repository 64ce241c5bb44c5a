// The webhook learns of an assignment a little later than the controller records it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/engine/machine.h"
#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;

TEST(WebhookLag, TheWebhookIsAskedForAgainAlthoughNoWorkloadChanges) {
  TestWorld t;
  t.add("web", 2);
  t.world.sources.webhook = "no pod of the webhook is ready";
  t.settle();
  const Decision quiet = t.pass();
  EXPECT_THAT(quiet.changes, IsEmpty());
  ASSERT_TRUE(quiet.again);
  EXPECT_LE(*quiet.again - t.world.now, seconds(15));
}

TEST(WebhookLag, NothingIsReplacedBeforeTheWebhookMayHaveSeenTheAssignment) {
  TestWorld t;
  t.world.webhook_lag = seconds(5);
  t.add("web", 2);
  t.settle();
  EXPECT_THAT(t.replaced, IsEmpty());
  t.after(seconds(5));
  EXPECT_FALSE(t.replaced.empty());
}

// Creation times have whole seconds, and such pods were admitted before the webhook knew better.
TEST(WebhookLag, PodsOfTheSecondInWhichAStepBeginsAreReplacedAsOlderOnes) {
  TestWorld t;
  t.world.webhook_lag = seconds(3);
  t.plan.method = api::RestartMethod::kEvict;
  t.add("web", 2);
  Pods young = *t.workload(0).pods;
  for (Pod& pod : young) pod.created = t.world.now;
  t.workload(0).pods = std::make_shared<const Pods>(std::move(young));
  const Time soon = t.world.now + seconds(10);
  while (t.replaced.empty() && t.world.now < soon) {
    t.pass();
    t.world.now += std::chrono::milliseconds(500);
  }
  EXPECT_FALSE(t.replaced.empty());
  for (int i = 0; i < 120 && t.record(0).state != State::kComplete; ++i) t.after(seconds(5));
  EXPECT_EQ(t.record(0).state, State::kComplete);
}

}  // namespace
}  // namespace profiling::engine
