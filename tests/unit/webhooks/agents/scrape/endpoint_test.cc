#include "webhooks/agents/scrape/endpoint.h"

#include <gmock/gmock.h>

namespace profiling::scrape {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart = SteadyTime{} + 1h;

Endpoint endpoint(Kind kind) {
  return {kind, 15s, kStart};
}

TEST(Endpoint, ScrapesEveryIntervalInASteadyRhythm) {
  Endpoint e = endpoint(Kind::kGoroutine);
  EXPECT_EQ(e.due(), kStart);
  e.answered(Answer::kProfile, kStart + 300ms);
  EXPECT_EQ(e.due(), kStart + 15s);
  e.answered(Answer::kProfile, kStart + 50s);
  EXPECT_EQ(e.due(), kStart + 50s) << "what was missed is not made up for";
}

TEST(Endpoint, AMissingEndpointIsScrapedRarely) {
  Endpoint e = endpoint(Kind::kMutex);
  e.answered(Answer::kAbsent, kStart);
  EXPECT_EQ(e.due(), kStart + 10min);
  EXPECT_TRUE(e.absent());
  e.answered(Answer::kProfile, kStart + 10min);
  EXPECT_FALSE(e.absent());
}

TEST(Endpoint, MemoryHasTwoPaths) {
  Endpoint e = endpoint(Kind::kMemory);
  EXPECT_EQ(e.path(), "allocs");
  e.answered(Answer::kAbsent, kStart);
  EXPECT_EQ(e.path(), "heap");
  EXPECT_EQ(e.due(), kStart);
  e.answered(Answer::kProfile, kStart);
  EXPECT_EQ(e.path(), "heap");
  e.answered(Answer::kAbsent, kStart);
  EXPECT_TRUE(e.absent());
  EXPECT_EQ(e.path(), "allocs");
}

TEST(Endpoint, ALateApplicationIsFoundSoon) {
  Endpoint e = endpoint(Kind::kCpu);
  for (int i = 0; i < 100; ++i) e.answered(Answer::kAway, kStart + i * 1s);
  EXPECT_EQ(e.due(), kStart + 99s + 1s);
}

TEST(Endpoint, AReturningApplicationIsScrapedForEverything) {
  Endpoint e = endpoint(Kind::kBlock);
  e.answered(Answer::kAbsent, kStart);
  e.applicationReturned(kStart + 30s);
  EXPECT_EQ(e.due(), kStart + 30s);
  e.answered(Answer::kProfile, kStart + 30s);
  e.applicationReturned(kStart + 31s);
  EXPECT_EQ(e.due(), kStart + 45s) << "one that is in its rhythm keeps it";
}

TEST(Endpoint, AFailingEndpointIsScrapedLessAndLessOften) {
  Endpoint e = endpoint(Kind::kMemory);
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 8; ++i) {
    e.answered(Answer::kFailed, kStart);
    pauses.push_back(std::chrono::duration_cast<std::chrono::seconds>(e.due() - kStart).count());
  }
  EXPECT_THAT(pauses, testing::ElementsAre(15, 30, 60, 120, 240, 480, 600, 600));
}

// A CPU endpoint after its short first profiles.
Endpoint steady(Millis interval) {
  Endpoint e(Kind::kCpu, interval, kStart);
  for (int i = 0; i < 4; ++i) e.answered(Answer::kProfile, kStart + i * 2min);
  return e;
}

TEST(Endpoint, ACpuProfileIsAnEighthOfTheLifeUntilTheRhythmIsSteady) {
  Endpoint e(Kind::kCpu, 15s, kStart, 3s);
  SteadyTime now = kStart;
  std::vector<std::int64_t> lengths;
  while (e.seconds() < 11s) {
    EXPECT_EQ(e.due(), now) << "one follows the other";
    EXPECT_LE(e.seconds(), std::max<std::chrono::nanoseconds>(1s, (now - kStart) / 8));
    lengths.push_back(e.seconds().count());
    now += e.seconds();
    e.answered(Answer::kProfile, now);
    ASSERT_LT(lengths.size(), 60U);
  }
  EXPECT_THAT(std::vector(lengths.begin(), lengths.begin() + 16), testing::Each(1)) << "16 s";
  EXPECT_LE(now - kStart, 100s);
  now += 11s;
  e.answered(Answer::kProfile, now);
  EXPECT_EQ(e.seconds(), 14s);
  e.answered(Answer::kProfile, now + 14s);
  EXPECT_EQ(e.due(), now + 15s) << "a steady rhythm";
  EXPECT_EQ(e.seconds(), 14s);
}

TEST(Endpoint, AnApplicationThatAnswersAtOnceIsNotAskedAtOnce) {
  Endpoint e(Kind::kCpu, 15s, kStart);
  for (int i = 0; i < 10; ++i) e.answered(Answer::kProfile, kStart + i * 1ms);
  EXPECT_EQ(e.due(), kStart + 10s);
}

TEST(Endpoint, TheRhythmBeginsEarlierByTheJitterAndTheFirstScrapeAtOnce) {
  Endpoint e(Kind::kMemory, 15s, kStart, 3s);
  e.answered(Answer::kProfile, kStart);
  EXPECT_EQ(e.due(), kStart + 12s);
  e.answered(Answer::kProfile, kStart + 12s);
  EXPECT_EQ(e.due(), kStart + 27s);
}

TEST(Endpoint, AnAnswerThatBreaksOffIsAskedForSoon) {
  Endpoint e = steady(15s);
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 5; ++i) {
    e.answered(Answer::kBroken, kStart);
    pauses.push_back(std::chrono::duration_cast<std::chrono::seconds>(e.due() - kStart).count());
  }
  EXPECT_THAT(pauses, testing::ElementsAre(1, 2, 4, 8, 16));
  EXPECT_EQ(e.seconds(), 1s) << "the start of the new process is seen soon";
}

TEST(Endpoint, ACpuProfileFitsIntoTheIntervalAndTheWriteTimeout) {
  Endpoint e = steady(15s);
  EXPECT_EQ(e.seconds(), 14s);
  e.answered(Answer::kTooLong, kStart);
  EXPECT_EQ(e.seconds(), 7s);
  EXPECT_EQ(e.due(), kStart);
  e.answered(Answer::kTooLong, kStart);
  e.answered(Answer::kTooLong, kStart);
  EXPECT_EQ(e.seconds(), 1s);
  e.answered(Answer::kTooLong, kStart);
  EXPECT_EQ(e.due(), kStart + 15s) << "400 for another reason";
  EXPECT_EQ(steady(1s).seconds(), 1s);
}

TEST(Endpoint, MapsHttpStatuses) {
  EXPECT_EQ(answerOfStatus(Kind::kCpu, 200), Answer::kProfile);
  EXPECT_EQ(answerOfStatus(Kind::kCpu, 400), Answer::kTooLong);
  EXPECT_EQ(answerOfStatus(Kind::kMemory, 400), Answer::kFailed);
  EXPECT_EQ(answerOfStatus(Kind::kMutex, 404), Answer::kAbsent);
  EXPECT_EQ(answerOfStatus(Kind::kMutex, 302), Answer::kAbsent) << "a login page";
  EXPECT_EQ(answerOfStatus(Kind::kCpu, 500), Answer::kFailed) << "somebody else profiles";
}

}  // namespace
}  // namespace profiling::scrape
