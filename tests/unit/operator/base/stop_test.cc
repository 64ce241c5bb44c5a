#include "operator/base/stop.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "operator/base/clock.h"
#include "operator/base/time_text.h"
#include "tests/support/fake_clock.h"

namespace profiling {
namespace {

using namespace std::chrono_literals;

TEST(SleepFor, TheWholeTimePassesWithoutAStop) {
  const auto start = Clock::real().steady();
  EXPECT_TRUE(sleepFor({}, 5ms));
  EXPECT_GE(Clock::real().steady() - start, 5ms);
}

TEST(SleepFor, AStopEndsALongSleep) {
  std::stop_source stop;
  std::atomic<bool> slept_through{true};
  {
    // Joining is the assertion: the sleep would outlast the test's time limit.
    std::jthread sleeper(
        [&] { slept_through = sleepFor(stop.get_token(), std::chrono::hours(24)); });
    stop.request_stop();
  }
  EXPECT_FALSE(slept_through);
}

TEST(SleepFor, AnEarlierStopSkipsTheSleep) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(sleepFor(stop.get_token(), std::chrono::hours(24)));
}

TEST(FakeClock, MovesOnlyWhenAdvanced) {
  test::FakeClock clock;
  const auto steady = clock.steady();
  const auto wall = clock.wall();
  EXPECT_EQ(formatRfc3339(wall), "2026-08-01T12:00:00Z");
  EXPECT_EQ(clock.steady(), steady);
  clock.advance(90s);
  EXPECT_EQ(clock.steady() - steady, 90s);
  EXPECT_EQ(clock.wall() - wall, 90s);
}

}  // namespace
}  // namespace profiling
