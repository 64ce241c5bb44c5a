#include "operator/base/backoff.h"

#include <algorithm>
#include <chrono>
#include <set>

#include <gtest/gtest.h>

namespace profiling {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, EachDelayIsBetweenHalfTheBaseAndTheDoubledLimit) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Backoff backoff({800ms, 30'000ms}, seed);
    std::chrono::milliseconds limit = 800ms;
    for (int i = 0; i < 12; ++i) {
      const auto delay = backoff.next();
      EXPECT_GE(delay, 400ms);
      EXPECT_LE(delay, limit);
      limit = std::min<std::chrono::milliseconds>(limit * 2, 30'000ms);
    }
    EXPECT_EQ(backoff.attempts(), 12);
  }
}

TEST(Backoff, TheJitterIsFull) {
  std::chrono::milliseconds low = 1h, high = 0ms;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Backoff backoff({1'000ms, 8'000ms}, seed * 7919);
    for (int i = 0; i < 3; ++i) backoff.next();
    const auto delay = backoff.next();  // uniform in [500, 8000]
    low = std::min(low, delay);
    high = std::max(high, delay);
  }
  EXPECT_LT(low, 1'000ms);
  EXPECT_GT(high, 7'500ms);
}

TEST(Backoff, ResetStartsOver) {
  Backoff backoff({10ms, 10'000ms}, 3);
  for (int i = 0; i < 15; ++i) backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), 10ms);
}

TEST(Backoff, NeverOverflowsNorExceedsItsCap) {
  Backoff backoff({5ms, std::chrono::minutes(5)}, 3);
  for (int i = 0; i < 5'000; ++i) {
    const auto delay = backoff.next();
    EXPECT_GE(delay, 2ms);
    EXPECT_LE(delay, 5min);
  }
}

TEST(Backoff, ACapBelowTheBaseIsHeld) {
  Backoff backoff({1'000ms, 100ms}, 3);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(backoff.next(), 100ms);
}

TEST(Backoff, SeedsDiffer) {
  std::set<std::int64_t> delays;
  for (int i = 0; i < 20; ++i)
    delays.insert(Backoff({std::chrono::hours(1), std::chrono::hours(1)}).next().count());
  EXPECT_GT(delays.size(), 10u) << "replicas must not retry in step";
}

}  // namespace
}  // namespace profiling
