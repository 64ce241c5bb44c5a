#include "webhooks/agents/scrape/harvest.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "tests/unit/webhooks/agents/scrape/profile_builder.h"
#include "webhooks/agents/scrape/pprof/gzip.h"

namespace profiling::scrape {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

const std::vector<std::string> kHeap{"alloc_objects/count", "alloc_space/bytes",
                                     "inuse_objects/count", "inuse_space/bytes"};

class HarvestTest : public testing::Test {
 protected:
  ProfileSummary take(Kind kind, const ProfileBuilder& body) {
    now_ += 15s;
    auto result = harvest(kind, wanted_, gzip(body.bytes()), now_, baseline_);
    EXPECT_TRUE(result.ok()) << result.status().toString();
    continuity_ = result->continuity;
    empty_ = result->pprof.empty();
    return empty_ ? ProfileSummary{} : summaryOf(*gunzip(result->pprof, ProfileBounds{}.unpacked));
  }

  Wanted wanted_;
  Baseline baseline_;
  SteadyTime now_{};
  Continuity continuity_ = Continuity::kFirst;
  bool empty_ = false;
};

TEST_F(HarvestTest, AllocationsAreDifferencesAndInUseIsUnchanged) {
  const ProfileSummary first = take(Kind::kMemory, ProfileBuilder(kHeap)
                                                       .sample({"f", "main"}, {10, 1000, 2, 200})
                                                       .sample({"g", "main"}, {5, 500, 0, 0}));
  EXPECT_EQ(continuity_, Continuity::kFirst);
  EXPECT_THAT(first.values, ElementsAre(Pair("f;main", ElementsAre(0, 0, 2, 200))));

  const ProfileSummary second = take(Kind::kMemory, ProfileBuilder(kHeap)
                                                        .sample({"f", "main"}, {13, 1300, 1, 100})
                                                        .sample({"g", "main"}, {5, 500, 0, 0})
                                                        .sample({"h", "main"}, {1, 64, 0, 0})
                                                        .backwards());
  EXPECT_EQ(continuity_, Continuity::kContinued);
  EXPECT_THAT(second.values, ElementsAre(Pair("f;main", ElementsAre(3, 300, 1, 100)),
                                         Pair("h;main", ElementsAre(1, 64, 0, 0))));
  EXPECT_EQ(second.types, kHeap);
  EXPECT_EQ(second.duration_nanos, 15'000'000'000);
}

TEST_F(HarvestTest, AfterARestartTheTotalsAreTheDifference) {
  const auto body = [](std::int64_t n, std::int64_t delay) {
    return ProfileBuilder({"contentions/count", "delay/nanoseconds"}).sample({"lock"}, {n, delay});
  };
  take(Kind::kMutex, body(100, 9000));
  const ProfileSummary restarted = take(Kind::kMutex, body(3, 70));
  EXPECT_EQ(continuity_, Continuity::kReset);
  EXPECT_THAT(restarted.values, ElementsAre(Pair("lock", ElementsAre(3, 70))));
  EXPECT_EQ(restarted.duration_nanos, 15'000'000'000);
  EXPECT_THAT(take(Kind::kMutex, body(4, 90)).values,
              ElementsAre(Pair("lock", ElementsAre(1, 20))));
}

TEST_F(HarvestTest, SeveralProcessesBehindOneEndpointAreNotSentAgainAndAgain) {
  const auto body = [](std::int64_t n) {
    return ProfileBuilder({"contentions/count", "delay/nanoseconds"}).sample({"lock"}, {n, n});
  };
  take(Kind::kMutex, body(100));
  take(Kind::kMutex, body(50));
  for (const std::int64_t total : {49, 48, 47}) {
    take(Kind::kMutex, body(total));
    EXPECT_EQ(continuity_, Continuity::kReset);
    EXPECT_TRUE(empty_);
  }
}

TEST_F(HarvestTest, ACpuProfileStandsForTheTimeSinceTheOneBefore) {
  const auto body = [] {
    return ProfileBuilder({"samples/count", "cpu/nanoseconds"})
        .sample({"f"}, {10, 100'000'000})
        .sample({"g"}, {4, 40'000'000})
        .duration(14s);
  };
  baseline_.stands_for = 16s;
  EXPECT_THAT(take(Kind::kCpu, body()).values.at("f"), ElementsAre(10, 100'000'000));
  const ProfileSummary second = take(Kind::kCpu, body());
  EXPECT_THAT(second.values.at("f"), ElementsAre(11, 107'142'857));
  EXPECT_THAT(second.values.at("g"), ElementsAre(4, 42'857'143)) << "in all 15, as 14 by 15/14";
  EXPECT_EQ(second.duration_nanos, 15'000'000'000);
  now_ += 60s;
  EXPECT_EQ(take(Kind::kCpu, body()).duration_nanos, 16'000'000'000) << "not for a long absence";
  baseline_.taken = {};
  EXPECT_EQ(take(Kind::kCpu, body()).values.at("f"), (std::vector<std::int64_t>{10, 100'000'000}));
}

TEST_F(HarvestTest, UnchangedProfilesAreNotSent) {
  const auto body =
      ProfileBuilder({"contentions/count", "delay/nanoseconds"}).sample({"f"}, {1, 2});
  take(Kind::kBlock, body);
  take(Kind::kBlock, body);
  EXPECT_EQ(continuity_, Continuity::kContinued);
  EXPECT_TRUE(empty_);
}

TEST_F(HarvestTest, UnusedEntriesAreLeftOut) {
  const auto build = [](std::int64_t hot) {
    ProfileBuilder b({"contentions/count", "delay/nanoseconds"});
    for (int i = 0; i < 50; ++i) b.sample({"cold" + std::to_string(i), "main"}, {1, 1});
    return b.sample({"hot", "main"}, {hot, hot});
  };
  take(Kind::kBlock, build(1));
  const ProfileSummary second = take(Kind::kBlock, build(2));
  EXPECT_EQ(second.samples, 1u);
  EXPECT_EQ(second.locations, 2u);
  EXPECT_EQ(second.functions, 2u);
  EXPECT_THAT(second.values, ElementsAre(Pair("hot;main", ElementsAre(1, 1))));
  EXPECT_EQ(std::count(second.strings.begin(), second.strings.end(), "cold7"), 0);
  EXPECT_EQ(std::count(second.strings.begin(), second.strings.end(), "hot.go"), 1);
}

TEST_F(HarvestTest, KeepsOnlyTheColumnsThatThePolicyEnables) {
  wanted_.allocations = false;
  const ProfileSummary only_in_use = take(
      Kind::kMemory, ProfileBuilder(kHeap).sample({"f"}, {1, 2, 3, 4}).sample({"g"}, {9, 9, 0, 0}));
  EXPECT_THAT(only_in_use.types, ElementsAre("inuse_objects/count", "inuse_space/bytes"));
  EXPECT_THAT(only_in_use.values, ElementsAre(Pair("f", ElementsAre(3, 4))));
  wanted_ = {};
  wanted_.in_use_memory = false;
  take(Kind::kMemory,
       ProfileBuilder(kHeap).sample({"f"}, {1, 2, 3, 4}).sample({"g"}, {9, 9, 0, 0}));
  EXPECT_TRUE(empty_) << "nothing was allocated since";
}

TEST_F(HarvestTest, TwoSamplesOfOneStackReportTheirGrowthOnce) {
  const auto body = [](std::int64_t a, std::int64_t b) {
    return ProfileBuilder({"contentions/count", "delay/nanoseconds"})
        .sample({"f"}, {a, a})
        .sample({"f"}, {b, b});
  };
  take(Kind::kMutex, body(1, 2));
  const ProfileSummary second = take(Kind::kMutex, body(4, 5));
  EXPECT_THAT(second.values, ElementsAre(Pair("f", ElementsAre(6, 6))));
}

TEST_F(HarvestTest, CpuAndGoroutinesPassUnchanged) {
  const std::string body =
      gzip(ProfileBuilder({"samples/count", "cpu/nanoseconds"}).sample({"f"}, {1, 10}).bytes());
  for (const Kind kind : {Kind::kCpu, Kind::kGoroutine}) {
    EXPECT_EQ(harvest(kind, wanted_, body, now_, baseline_)->pprof, body);
  }
  const std::string plain = *gunzip(body, ProfileBounds{}.unpacked);
  EXPECT_EQ(*gunzip(harvest(Kind::kCpu, wanted_, plain, now_, baseline_)->pprof,
                    ProfileBounds{}.unpacked),
            plain);
  take(Kind::kCpu, ProfileBuilder({"samples/count", "cpu/nanoseconds"}));
  EXPECT_TRUE(empty_) << "a profile of an idle application is not worth sending";
}

TEST_F(HarvestTest, GarbageIsAnErrorAndLeavesTheBaseline) {
  const auto body = [](std::int64_t v) {
    return ProfileBuilder({"contentions/count", "delay/nanoseconds"}).sample({"f"}, {v, v});
  };
  take(Kind::kMutex, body(1));
  for (const std::string& bad : {std::string("<html>nope</html>"), std::string(), gzip("text"),
                                 gzip(body(2).bytes()).substr(0, 40)}) {
    EXPECT_FALSE(harvest(Kind::kMutex, wanted_, bad, now_, baseline_).ok());
  }
  EXPECT_THAT(take(Kind::kMutex, body(3)).values, ElementsAre(Pair("f", ElementsAre(2, 2))));
}

TEST_F(HarvestTest, ALargeBodyIsRefused) {
  EXPECT_EQ(harvest(Kind::kCpu, wanted_, gzip(std::string(ProfileBounds{}.unpacked + 1, '\0')),
                    now_, baseline_)
                .status()
                .code(),
            Code::kTooLarge);
}

}  // namespace
}  // namespace profiling::scrape
