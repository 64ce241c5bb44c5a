#include "operator/base/time_text.h"

#include <chrono>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace profiling {
namespace {

using namespace std::chrono_literals;

TEST(Rfc3339, RoundTripsThroughCenturies) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-08-01T12:00:00Z", "2028-02-29T23:59:59Z",
                           "2038-01-19T03:14:08Z", "2106-02-07T06:28:16Z"}) {
    const auto time = parseRfc3339(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(formatRfc3339(*time), text);
  }
}

TEST(Rfc3339, MicroTimeLosesItsFraction) {
  EXPECT_EQ(parseRfc3339("2026-08-01T12:00:00.123456Z"), parseRfc3339("2026-08-01T12:00:00Z"));
}

TEST(Rfc3339, RefusesOtherText) {
  for (const char* bad :
       {"9999-12-31T23:59:59Z", "1600-01-01T00:00:00Z", "", "2026-08-01", "2026-08-01T12:00:00",
        "2026-08-01T12:00:00+00:00", "2026-13-01T12:00:00Z", "2026-08-32T12:00:00Z",
        "2026-08-01T25:00:00Z", "2026-08-01 12:00:00Z", "2026-08-01T12:00:00xyzZ",
        "2026-08-01T12:00:00.Z", "2026-02-30T00:00:00Z", " 2026-8-1T12:00:00Z",
        "xxxxxxxxxxxxxxxxxxxZ"}) {
    EXPECT_EQ(parseRfc3339(bad), std::nullopt) << bad;
  }
}

TEST(Duration, GoStyleSumsOfUnits) {
  EXPECT_EQ(*parseDuration("15s"), 15s);
  EXPECT_EQ(*parseDuration("1h30m"), 90min);
  EXPECT_EQ(*parseDuration("250ms"), 250ms);
  EXPECT_EQ(*parseDuration("1m500ms"), 60'500ms);
  EXPECT_EQ(*parseDuration("0s"), 0s);
  EXPECT_EQ(*parseDuration("8784h"), 366 * 24h);
}

TEST(Duration, ErrorsNameTheValue) {
  for (const char* bad : {"", "15", "s", "-5s", "+5s", "1.5h", "5 s", "5d", "1h-5m", "8785h",
                          "9223372036854775807h", "99999999999999999999s", "8784h1ms", "５s"}) {
    const auto parsed = parseDuration(bad);
    ASSERT_FALSE(parsed.ok()) << bad;
    EXPECT_EQ(parsed.status().code(), Code::kInvalidArgument);
    EXPECT_NE(parsed.status().message().find("must look like '15s'"), std::string::npos);
    EXPECT_NE(parsed.status().message().find("duration '" + std::string(bad).substr(0, 20)),
              std::string::npos);
  }
}

}  // namespace
}  // namespace profiling
