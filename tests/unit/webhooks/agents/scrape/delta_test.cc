#include "webhooks/agents/scrape/pprof/delta.h"

#include <gmock/gmock.h>

#include "tests/unit/webhooks/agents/scrape/profile_builder.h"

namespace profiling::scrape {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Totals totals(std::vector<std::uint64_t> keys, std::vector<std::int64_t> values,
              std::size_t width = 1) {
  return {width, std::move(keys), std::move(values)};
}

TEST(Difference, FirstScrapeReportsNothing) {
  const auto d = difference({}, totals({1, 2}, {10, 20}));
  EXPECT_EQ(d.continuity, Continuity::kFirst);
  EXPECT_THAT(d.values, IsEmpty());
}

TEST(Difference, GrowthAndNewStacks) {
  const auto d = difference(totals({2, 5}, {10, 1}), totals({1, 2, 3, 5}, {7, 15, 9, 1}));
  EXPECT_EQ(d.continuity, Continuity::kContinued);
  EXPECT_THAT(d.values, ElementsAre(7, 5, 9, 0));
}

TEST(Difference, AnyFallIsAReset) {
  EXPECT_EQ(difference(totals({1, 2}, {10, 20}), totals({1, 2}, {50, 19})).continuity,
            Continuity::kReset);
}

TEST(Difference, AMissingStackIsAReset) {
  EXPECT_EQ(difference(totals({1, 2}, {10, 20}), totals({1}, {50})).continuity, Continuity::kReset);
  EXPECT_EQ(difference(totals({1}, {10}), totals({2}, {50})).continuity, Continuity::kReset);
  EXPECT_EQ(difference(totals({1}, {0}), totals({2}, {50})).continuity, Continuity::kContinued)
      << "one that never counted is no loss";
}

TEST(Difference, NegativeNumbersAreNeverReported) {
  EXPECT_EQ(difference(totals({1}, {1}), totals({1, 2}, {1, -5})).continuity, Continuity::kReset);
  EXPECT_EQ(difference(totals({1}, {-9}), totals({1}, {1})).continuity, Continuity::kReset);
}

TEST(Difference, ColumnsMustBeTheSame) {
  EXPECT_EQ(difference(totals({1}, {1, 1}, 2), totals({1}, {5})).continuity, Continuity::kFirst);
}

TEST(StackKeys, DoNotDependOnIds) {
  const auto build = [](bool backwards) {
    ProfileBuilder b({"contentions/count"});
    b.sample({"a", "b"}, {1}).sample({"b", "a"}, {2}).sample({"a", "b"}, {3}, 64);
    if (backwards) b.backwards();
    return b.bytes();
  };
  const std::string one = build(false), two = build(true);
  const auto p1 = parseProfile(one), p2 = parseProfile(two);
  ASSERT_TRUE(p1.ok() && p2.ok());
  const auto keys = stackKeys(*p1);
  EXPECT_EQ(keys, stackKeys(*p2));
  EXPECT_NE(keys[0], keys[1]) << "the order of frames counts";
  EXPECT_NE(keys[0], keys[2]) << "labels count";
}

TEST(Totals, SumsUpSamplesOfOneStack) {
  const std::string bytes =
      ProfileBuilder({"a/count", "b/bytes"}).sample({"f"}, {1, 10}).sample({"f"}, {2, 20}).bytes();
  const auto profile = parseProfile(bytes);
  const Totals t = totalsOf(*profile, {1}, stackKeys(*profile));
  EXPECT_THAT(t.keys, testing::SizeIs(1));
  EXPECT_THAT(t.values, ElementsAre(30));
}

}  // namespace
}  // namespace profiling::scrape
