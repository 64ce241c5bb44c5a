#include "webhooks/breakers.h"

#include <gtest/gtest.h>

namespace profiling::webhooks {
namespace {

using inject::Refused;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class SetClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime(now.time_since_epoch()); }
  WallTime wall() const override { return now; }
  WallTime now = WallTime(seconds(1'790'000'000));
};

struct BreakersTest : ::testing::Test {
  inject::RefusalEvent event(const std::string& uid, const std::string& namespace_ = "shop") const {
    const auto at = std::chrono::duration_cast<seconds>(clock.now.time_since_epoch()).count();
    return {namespace_, "ReplicaSet", "web-6f7d8", uid, "exceeded quota", at, "web.1"};
  }
  Refused state(const std::string& uid = "u1", const std::string& hash = "h1") {
    return breakers.refused("shop", uid, hash);
  }
  bool refused(const std::string& uid = "u1", const std::string& hash = "h1") {
    return state(uid, hash) != Refused::kNo;
  }
  void see(const std::string& pod, bool pulled, bool failed, std::string_view owner = {}) {
    inject::PodFacts facts;
    facts.namespace_ = std::string_view(pod).substr(0, pod.find('/'));
    facts.created = static_cast<std::uint32_t>(std::chrono::system_clock::to_time_t(clock.now));
    facts.agent_images = {{kImage, pulled, failed}};
    if (!owner.empty()) facts.owner = api::OwnerView{"apps/v1", "ReplicaSet", "web", owner, true};
    breakers.podSeen(pod, facts);
  }
  bool out(std::string_view namespace_ = "shop") const {
    return breakers.unpullable(namespace_, kImage);
  }

  static constexpr std::string_view kImage = "registry.example/java:2";
  SetClock clock;
  Breakers breakers{clock};
};

TEST_F(BreakersTest, AnOwnerWhosePodsWereRefusedIsLeftAloneForAWhileAndThenForLonger) {
  EXPECT_FALSE(refused());
  breakers.refusal(event("u1"), false);
  EXPECT_TRUE(refused());
  EXPECT_FALSE(refused("u2"));
  EXPECT_EQ(breakers.refused("other", "u1", "h1"), Refused::kNo)
      << "an event names owners of its namespace";
  clock.now += minutes(5);
  EXPECT_FALSE(refused());
  breakers.refusal(event("u1"), false);
  clock.now += minutes(19);
  EXPECT_TRUE(refused());
  clock.now += minutes(2);
  EXPECT_FALSE(refused());
}

TEST_F(BreakersTest, ARefusalWhileThePodsAreLeftAloneHasAnotherCause) {
  breakers.refusal(event("u1"), false);
  for (int i = 0; i < 100; ++i) breakers.refusal(event("u1"), false);
  clock.now += minutes(5);
  EXPECT_FALSE(refused());
}

TEST_F(BreakersTest, AClockThatIsBehindLetsNoOlderPodEndTheHold) {
  inject::RefusalEvent refusal = event("u1");
  refusal.at += 30;
  breakers.refusal(refusal, false);
  clock.now += seconds(10);
  see("shop/old", true, false, "u1");
  EXPECT_TRUE(refused());
}

TEST_F(BreakersTest, PodsThatAreRefusedWithoutAnAgentAreNotChangedAtAll) {
  breakers.refusal(event("u1"), false);
  breakers.refusal(event("u1"), false);  // of the same batch of pods
  EXPECT_EQ(state(), Refused::kWithAgent);
  breakers.refusal(event("u1"), false);
  EXPECT_EQ(state(), Refused::kWithoutAgent);
  clock.now += minutes(5);
  EXPECT_EQ(state(), Refused::kNo);
  breakers.refusal(event("u1"), false);
  EXPECT_EQ(state(), Refused::kWithAgent) << "each try starts anew";
}

TEST_F(BreakersTest, AnotherTemplateOfTheOwnerIsTriedAtOnce) {
  breakers.refusal(event("u1"), false);
  EXPECT_TRUE(refused("u1", "h1"));
  EXPECT_FALSE(refused("u1", "h2"));
  EXPECT_FALSE(refused("u1", "h1"));
}

TEST_F(BreakersTest, APodThatCameWithAnAgentEndsTheHold) {
  breakers.refusal(event("u1"), false);
  see("shop/old", true, false, "u1");
  EXPECT_TRUE(refused()) << "it may have come before the refusal";
  clock.now += seconds(2);
  see("shop/new", true, false, "u1");
  EXPECT_FALSE(refused());
}

TEST_F(BreakersTest, AnOldEventOfAListSaysNothing) {
  auto old = event("u1");
  clock.now += hours(1);
  breakers.refusal(old, true);
  EXPECT_FALSE(refused());
  breakers.refusal(old, false);
  EXPECT_TRUE(refused()) << "a live event is news, whatever the clock of its writer";
}

TEST_F(BreakersTest, ANamespaceFullOfRefusalsDisplacesNoneOfAnother) {
  breakers.refusal(event("victim"), false);
  for (int of = 0; of < 12; ++of) {
    for (std::size_t i = 0; i < kMaxRefusedOfNamespace + 50; ++i) {
      breakers.refusal(event("u" + std::to_string(i), "flood" + std::to_string(of)), false);
    }
    if (of == 0) {
      EXPECT_EQ(breakers.stats().refused_owners, kMaxRefusedOfNamespace + 1);
    }
  }
  EXPECT_EQ(breakers.stats().refused_owners, kMaxRefusedOwners);
  EXPECT_TRUE(refused("victim"));
}

TEST_F(BreakersTest, OnePodThatCannotPullLeavesNothingOut) {
  see("shop/a", false, true);
  EXPECT_FALSE(out());
}

TEST_F(BreakersTest, TwoPodsOfANamespaceLeaveTheImageOutThereOnly) {
  see("shop/a", false, true);
  see("shop/b", false, true);
  EXPECT_TRUE(out());
  EXPECT_FALSE(out("other"));
  EXPECT_FALSE(breakers.unpullable("shop", "registry.example/python:1"));
}

TEST_F(BreakersTest, TwoNamespacesLeaveTheImageOutEverywhere) {
  for (const char* pod : {"shop/a", "shop/b", "bank/a", "bank/b"}) see(pod, false, true);
  EXPECT_TRUE(out("other"));
}

TEST_F(BreakersTest, APullThatSucceedsBringsTheImageBack) {
  for (const char* pod : {"shop/a", "shop/b"}) see(pod, false, true);
  see("shop/c", false, false);
  ASSERT_TRUE(out());
  see("shop/c", true, false);
  EXPECT_FALSE(out());
  see("shop/a", false, true);
  EXPECT_FALSE(out()) << "its node may be the reason";
}

TEST_F(BreakersTest, APodThatPulledLongAgoDoesNotBringTheImageBack) {
  see("shop/old", true, false);
  for (const char* pod : {"shop/a", "shop/b"}) see(pod, false, true);
  see("shop/old", true, false);
  EXPECT_TRUE(out());
}

TEST_F(BreakersTest, PodsThatAreGoneDoNotCount) {
  for (const char* pod : {"shop/a", "shop/b"}) see(pod, false, true);
  breakers.podGone("shop/a");
  EXPECT_FALSE(out());
  see("shop/c", false, true);
  ASSERT_TRUE(out());
  breakers.keepPods([](const std::string& pod) { return pod == "shop/c"; });
  EXPECT_FALSE(out());
}

TEST_F(BreakersTest, CountsFollowPodsThatComeAndGo) {
  for (const char* pod : {"shop/a", "shop/b", "shop/c", "bank/a", "bank/b"}) {
    see(pod, false, true);
    see(pod, false, true);
  }
  EXPECT_EQ(breakers.stats().unpullable_images, 1U);
  EXPECT_TRUE(out("other"));
  breakers.podGone("bank/b");
  EXPECT_FALSE(out("other"));
  breakers.podGone("shop/c");
  EXPECT_TRUE(out()) << "two are left";
  breakers.podGone("shop/b");
  breakers.podGone("shop/b");
  EXPECT_FALSE(out());
  EXPECT_EQ(breakers.stats().unpullable_images, 0U);
}

}  // namespace
}  // namespace profiling::webhooks
