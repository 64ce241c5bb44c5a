#include "controllers/signals/prometheus_text.h"

#include <gtest/gtest.h>

namespace profiling::signals {
namespace {

TEST(MetricLine, ReadsSamples) {
  const auto line =
      parseMetricLine(R"(a_total{reason="rate_limited", tenant="a\"b\\c\nd",} 1.5e3 17)");
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->name, "a_total");
  EXPECT_EQ(line->label("reason"), "rate_limited");
  EXPECT_EQ(line->label("tenant"), "a\"b\\c\nd");
  EXPECT_EQ(line->label("none"), "");
  EXPECT_DOUBLE_EQ(line->value, 1500);
  EXPECT_DOUBLE_EQ(parseMetricLine("up 1")->value, 1);
  EXPECT_DOUBLE_EQ(parseMetricLine("up{} +2")->value, 2);
  EXPECT_DOUBLE_EQ(parseMetricLine(R"(up{a="}"} 3)")->value, 3);
}

TEST(MetricLine, RefusesInvalidSamples) {
  for (const char* bad : {"", "# TYPE up counter", "up", "up one", "up{", "up{a} 1", "up{a=b} 1",
                          R"(up{a="b)", R"(up{a="b"})", R"(up{a="b" c="d"} 1)", "1up 1", "<html>",
                          R"(up{a="b"} 0x1)", R"(up{="b"} 1)", R"(up{a="\)", "{} 1", " up 1"}) {
    EXPECT_FALSE(parseMetricLine(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace profiling::signals
