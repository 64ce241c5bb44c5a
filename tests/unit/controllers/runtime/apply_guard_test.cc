#include "controllers/runtime/apply_guard.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace profiling::controllers {
namespace {

using std::chrono::seconds;

TEST(ApplyGuard, TheFirstWriteGoesThroughAndItsRepetitionWaits) {
  test::FakeClock clock;
  ApplyGuard guard(clock);
  EXPECT_FALSE(guard.check("a", "1"));
  EXPECT_EQ(guard.check("a", "1"), Millis(1000));
  EXPECT_FALSE(guard.check("b", "1")) << "another object";
  EXPECT_FALSE(guard.check("a", "2")) << "another content";
}

TEST(ApplyGuard, RepetitionsAreDelayedUpToAMinute) {
  test::FakeClock clock;
  ApplyGuard guard(clock);
  EXPECT_FALSE(guard.check("a", "1"));
  for (const int wait : {1, 2, 4, 8, 16, 32, 60, 60}) {
    clock.advance(seconds(wait) - std::chrono::milliseconds(1));
    EXPECT_EQ(guard.check("a", "1"), Millis(1)) << wait;
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_FALSE(guard.check("a", "1")) << wait;
  }
}

TEST(ApplyGuard, AfterAQuietPeriodItStartsOver) {
  test::FakeClock clock;
  ApplyGuard guard(clock);
  EXPECT_FALSE(guard.check("a", "1"));
  clock.advance(seconds(1));
  EXPECT_FALSE(guard.check("a", "1"));
  clock.advance(std::chrono::minutes(2));
  EXPECT_FALSE(guard.check("a", "1"));
  EXPECT_EQ(guard.check("a", "1"), Millis(1000));
}

TEST(ApplyGuard, AWriteThatFailedIsNotHeldUp) {
  test::FakeClock clock;
  ApplyGuard guard(clock);
  EXPECT_FALSE(guard.check("a", "1"));
  guard.forget("a");
  EXPECT_FALSE(guard.check("a", "1"));
}

}  // namespace
}  // namespace profiling::controllers
