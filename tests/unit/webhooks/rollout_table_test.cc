// Shares of pods: which pods count, for how long a granted place counts, and by how much several
// processes together can exceed a share.
#include "webhooks/rollout_table.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace profiling::webhooks {
namespace {

constexpr const char* kTarget = "1111111111";
constexpr const char* kGroup = "shop/Deployment/web";

std::shared_ptr<const api::EffectivePolicy> staged() {
  auto policy = std::make_shared<api::EffectivePolicy>();
  policy->policy.metadata.name = "staged";
  policy->policy.spec.rollout.emplace().pods.steps = {10, 100};
  policy->revision = kTarget;
  policy->server_url = "http://pyroscope";
  return policy;
}

inject::Assignment share(std::int64_t pods) {
  return {"ProfilingPolicy", "staged", kTarget, "", kTarget, "", pods, std::nullopt, false};
}

class Replica {
 public:
  Replica(std::string name, std::int64_t replicas, const Clock& clock, std::int64_t pods)
      : table(std::move(name), replicas, clock) {
    table.setRecord("shop/deployment-web", kGroup, share(pods));
  }
  bool admits(bool dry_run = false) {
    return table.choose({"shop", "Deployment", "web", -1}, policy_, dry_run).policy != nullptr;
  }
  void sees(const std::string& pod, const std::string& by) {
    table.podSeen(pod, kGroup, kTarget, by);
  }
  RolloutTable table;

 private:
  std::shared_ptr<const api::EffectivePolicy> policy_ = staged();
};

TEST(RolloutTable, LetsInNoMorePodsThanTheShare) {
  test::FakeClock clock;
  Replica only("a", 1, clock, 3);
  int admitted = 0;
  for (int i = 0; i < 50; ++i) admitted += only.admits() ? 1 : 0;
  EXPECT_EQ(admitted, 3);
}

const std::vector<inject::Guess> kGuess{{"app", "0a1b2c3d"}};
inject::PodOfWorkload member(std::string_view hash = "h1") {
  return {"shop", "Deployment", "web", -1, {}, hash};
}

TEST(RolloutTable, OnePodAtATimeFindsTheLanguage) {
  test::FakeClock clock;
  RolloutTable table("a", 1, clock);
  EXPECT_TRUE(table.mayFindLanguage(member(), kGuess, true)) << "a dry run";
  EXPECT_TRUE(table.mayFindLanguage(member(), kGuess, false));
  EXPECT_FALSE(table.mayFindLanguage(member(), kGuess, false));
  EXPECT_TRUE(table.mayFindLanguage(member("h2"), kGuess, true)) << "another template";
  EXPECT_TRUE(table.mayFindLanguage(member(), {{"app", "ffffffff"}}, true)) << "another image";
  table.podSeen("shop/web-1", kGroup, kTarget, "a", "rs-1", {findKey(member(), kGuess[0])});
  clock.advance(kGrantLife);
  EXPECT_FALSE(table.mayFindLanguage(member(), kGuess, false)) << "it lives";
  table.podGone("shop/web-1");
  EXPECT_TRUE(table.mayFindLanguage(member(), kGuess, false));
}

TEST(RolloutTable, AFinderThatIsNeverCreatedFreesItsPlace) {
  test::FakeClock clock;
  RolloutTable table("a", 1, clock);
  EXPECT_TRUE(table.mayFindLanguage(member(), kGuess, false));
  clock.advance(kGrantLife);
  EXPECT_TRUE(table.mayFindLanguage(member(), kGuess, false));
}

TEST(RolloutTable, PodsWithoutAWorkloadShareTheFinderOfTheirImage) {
  test::FakeClock clock;
  RolloutTable table("a", 1, clock);
  EXPECT_TRUE(table.mayFindLanguage({"shop", "Pod", "run-1", -1, ""}, kGuess, false));
  EXPECT_FALSE(table.mayFindLanguage({"shop", "Pod", "run-2", -1, ""}, kGuess, false));
  EXPECT_TRUE(table.mayFindLanguage({"shop", "Pod", "run-1", -1, ""}, kGuess, false)) << "again";
  EXPECT_TRUE(table.mayFindLanguage({"other", "Pod", "run-2", -1, ""}, kGuess, false));
}

TEST(RolloutTable, APlaceThatIsGivenBackIsFree) {
  test::FakeClock clock;
  Replica only("a", 1, clock, 1);
  EXPECT_TRUE(only.admits());
  only.table.giveBack(member());
  EXPECT_TRUE(only.admits());
}

TEST(RolloutTable, ADryRunTakesNoPlace) {
  test::FakeClock clock;
  Replica only("a", 1, clock, 1);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(only.admits(true));
  EXPECT_TRUE(only.admits());
  EXPECT_FALSE(only.admits(true));
}

TEST(RolloutTable, APodThatIsNeverCreatedFreesItsPlace) {
  test::FakeClock clock;
  Replica only("a", 1, clock, 1);
  EXPECT_TRUE(only.admits());
  EXPECT_FALSE(only.admits());
  clock.advance(kGrantLife);
  EXPECT_TRUE(only.admits());
}

TEST(RolloutTable, ASeenPodCountsOnceAndADeletedOneFreesItsPlace) {
  test::FakeClock clock;
  Replica only("a", 1, clock, 2);
  EXPECT_TRUE(only.admits());
  only.sees("shop/web-1", "a");
  EXPECT_EQ(only.table.stats().pending, 0U);
  EXPECT_TRUE(only.admits());
  EXPECT_FALSE(only.admits());
  only.table.podGone("shop/web-1");
  EXPECT_TRUE(only.admits());
}

TEST(RolloutTable, AnotherProcessesPodIsNotTakenForAnOwnOne) {
  test::FakeClock clock;
  Replica a("a", 2, clock, 2);
  EXPECT_TRUE(a.admits());
  a.sees("shop/web-1", "b");
  EXPECT_EQ(a.table.stats().pending, 1U);
  EXPECT_FALSE(a.admits());
}

TEST(RolloutTable, TwoProcessesExceedTheShareByAtMostOnePodInABurst) {
  test::FakeClock clock;
  for (const std::int64_t wanted : {1, 2, 3, 7, 10}) {
    Replica a("a", 2, clock, wanted);
    Replica b("b", 2, clock, wanted);
    std::int64_t admitted = 0;
    // Neither sees a pod of the other's, nor its own, before the burst is over.
    for (int i = 0; i < 100; ++i) admitted += (i % 2 == 0 ? a : b).admits() ? 1 : 0;
    EXPECT_GE(admitted, wanted);
    EXPECT_LE(admitted, wanted + 1) << wanted;
  }
}

TEST(RolloutTable, TheBoundHoldsWhenEachSeesTheOthersPodsLate) {
  test::FakeClock clock;
  for (const std::int64_t wanted : {1, 2, 3, 7, 10}) {
    Replica a("a", 2, clock, wanted);
    Replica b("b", 2, clock, wanted);
    std::int64_t admitted = 0;
    for (int i = 0; i < 100; ++i) {
      Replica& one = i % 2 == 0 ? a : b;
      if (!one.admits()) continue;
      one.sees("shop/web-" + std::to_string(admitted++), one.table.replica());
    }
    EXPECT_GE(admitted, wanted);
    EXPECT_LE(admitted, wanted + 1) << wanted;
  }
}

TEST(RolloutTable, OneProcessFillsTheShareAloneAsItsPodsAreSeen) {
  test::FakeClock clock;
  Replica a("a", 2, clock, 8);
  int admitted = 0;
  for (int i = 0; i < 100; ++i) {
    if (!a.admits()) continue;
    a.sees("shop/web-" + std::to_string(admitted++), "a");
    clock.advance(kLag);
  }
  EXPECT_EQ(admitted, 8);
}

// A workload whose record names the ReplicaSet "rs-1"; a forger does not know that uid.
class Forged : public ::testing::Test {
 protected:
  Forged() { record({"workload", "rs-1"}); }
  void record(std::vector<std::string> owners) {
    table_.setRecord("shop/deployment-web", kGroup, share(3), {}, std::move(owners));
  }
  int admitted(const std::string& owner, int times) {
    int count = 0;
    for (int i = 0; i < times; ++i) {
      const inject::PodOfWorkload pod{"shop", "Deployment", "web", -1, owner};
      count += table_.choose(pod, policy_, false).policy != nullptr ? 1 : 0;
    }
    return count;
  }

  test::FakeClock clock_;
  RolloutTable table_{"a", 1, clock_};
  std::shared_ptr<const api::EffectivePolicy> policy_ = staged();
};

TEST_F(Forged, ReviewsTakeNoPlaceFromAKnownOwner) {
  EXPECT_EQ(admitted("made-up", 100), 3);
  EXPECT_EQ(admitted("", 100), 0);
  EXPECT_EQ(admitted("rs-1", 100), 3);
  EXPECT_EQ(admitted("made-up", 100), 0);
}

TEST_F(Forged, AnOwnerThatIsNotKnownYetHasAShareForAMoment) {
  EXPECT_EQ(admitted("rs-2", 100), 3);
  clock_.advance(kLag);
  EXPECT_EQ(admitted("rs-2", 100), 0);
  clock_.advance(kUnprovenLife - kLag);
  EXPECT_EQ(admitted("rs-2", 100), 3) << "places of pods that never came";
}

TEST_F(Forged, ReviewsDoNotKeepAKnownOwnerFromFindingTheLanguage) {
  const auto may = [&](std::string_view owner) {
    return table_.mayFindLanguage({"shop", "Deployment", "web", -1, owner, "h1"}, kGuess, false);
  };
  EXPECT_TRUE(may("made-up"));
  EXPECT_FALSE(may("made-up"));
  EXPECT_TRUE(may("rs-1"));
  EXPECT_FALSE(may("rs-1"));
  EXPECT_FALSE(may("made-up"));
  clock_.advance(kGrantLife);
  EXPECT_TRUE(may("made-up"));
  clock_.advance(kUnprovenLife);
  EXPECT_TRUE(may("made-up")) << "the place of a pod that never came";
}

TEST_F(Forged, PodsThatAreSeenCountWhoeverOwnsThem) {
  EXPECT_EQ(admitted("rs-2", 2), 2);
  table_.podSeen("shop/web-1", kGroup, kTarget, "a", "rs-2");
  record({"workload", "rs-1", "rs-2"});
  table_.podSeen("shop/web-2", kGroup, kTarget, "a", "rs-2");
  EXPECT_EQ(table_.stats().pending, 0U);
  EXPECT_EQ(admitted("rs-1", 100), 1);
}

TEST(RolloutTable, ObjectsThatAListDoesNotNameAreRemoved) {
  test::FakeClock clock;
  Replica a("a", 1, clock, 1);
  a.sees("shop/web-1", "a");
  EXPECT_FALSE(a.admits());
  a.table.keepPods([](const std::string&) { return false; });
  EXPECT_TRUE(a.admits());
  a.table.keepRecords([](const std::string&) { return false; });
  EXPECT_EQ(a.table.stats().records, 0U);
  EXPECT_FALSE(a.admits()) << "without a record and without a proven revision nobody gets one";
}

TEST(RolloutTable, ReturnsWhatTheRecordKnowsOfAWorkload) {
  RolloutTable table("r", 1);
  const inject::PodOfWorkload web{"shop", "Deployment", "web", -1};
  EXPECT_EQ(table.known(web), nullptr);
  table.setRecord("shop/deployment-web", "shop/Deployment/web", std::nullopt,
                  {{{"app", "0a1b2c3d", {api::Language::kPython}}}, {}});
  ASSERT_NE(table.known(web), nullptr);
  EXPECT_EQ(table.known(web)->detected.at(0).container, "app");
  EXPECT_EQ(table.known({"shop", "Deployment", "api", -1}), nullptr);
  table.setRecord("shop/deployment-web", "shop/Deployment/web", std::nullopt, {});
  EXPECT_EQ(table.known(web), nullptr) << "forgotten with the record's own";
}

}  // namespace
}  // namespace profiling::webhooks
