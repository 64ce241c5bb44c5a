#include "operator/base/log.h"

#include <cmath>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::log {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kTime = "2026-08-01T12:00:00Z";

std::string text(Fields fields) {
  return render(Format::kText, Level::kInfo, kTime, "Watch started", fields);
}
std::string json(Fields fields) {
  return render(Format::kJson, Level::kWarn, kTime, "Watch started", fields);
}

TEST(LogText, IsTimeLevelMessageAndFields) {
  EXPECT_EQ(text({}), "2026-08-01T12:00:00Z info Watch started");
  EXPECT_EQ(text({{"resource", "pods"}, {"count", 7}, {"ratio", 0.5}, {"ok", true}}),
            "2026-08-01T12:00:00Z info Watch started resource=pods count=7 ratio=0.5 ok=true");
}

TEST(LogText, ValuesThatCouldForgeALineOrAFieldAreQuoted) {
  EXPECT_THAT(text({{"v", "a b"}}), HasSubstr(R"(v="a b")"));
  EXPECT_THAT(text({{"v", ""}}), HasSubstr(R"(v="")"));
  EXPECT_THAT(text({{"v", "x\n2026-08-01T12:00:00Z error Forged"}}), HasSubstr(R"(v="x\n2026)"));
  EXPECT_THAT(text({{"v", "a=b"}}), HasSubstr(R"(v="a=b")"));
  EXPECT_THAT(text({{"v", "\x1b[31m"}}), HasSubstr(R"(v="\u001b[31m")"));
}

TEST(LogText, LongValuesAreCut) {
  const std::string line = text({{"v", std::string(5'000, 'x')}});
  EXPECT_LT(line.size(), 400u);
  EXPECT_THAT(line, HasSubstr("…"));
}

TEST(LogJson, IsOneObject) {
  EXPECT_EQ(
      json({{"resource", "pods"}, {"count", -7}, {"ratio", 0.25}, {"ok", false}}),
      R"({"time":"2026-08-01T12:00:00Z","level":"warn","msg":"Watch started","resource":"pods","count":-7,"ratio":0.25,"ok":false})");
}

TEST(LogJson, IsValidForAnyValue) {
  EXPECT_THAT(json({{"v", "q\"b\\n\nl"}}), HasSubstr(R"("v":"q\"b\\n\nl")"));
  EXPECT_THAT(json({{"v", "\xff"}}), HasSubstr("\"v\":\"\xEF\xBF\xBD\""));
  EXPECT_THAT(json({{"v", std::numeric_limits<double>::infinity()}}), HasSubstr(R"("v":null)"));
  EXPECT_THAT(json({{"v", std::nan("")}}), HasSubstr(R"("v":null)"));
}

TEST(LogLevel, NamesAreParsedExactly) {
  EXPECT_EQ(*parseLevel("debug"), Level::kDebug);
  EXPECT_EQ(*parseLevel("info"), Level::kInfo);
  EXPECT_EQ(*parseLevel("warn"), Level::kWarn);
  EXPECT_EQ(*parseLevel("error"), Level::kError);
  const Status bad = parseLevel("Trace").status();
  EXPECT_EQ(bad.code(), Code::kInvalidArgument);
  EXPECT_EQ(bad.message(), "log level 'Trace' must be one of 'debug', 'info', 'warn', 'error'");
}

TEST(LogLevel, LowerLevelsAreOff) {
  setLevel(Level::kWarn);
  EXPECT_FALSE(enabled(Level::kInfo));
  EXPECT_TRUE(enabled(Level::kWarn));
  EXPECT_TRUE(enabled(Level::kError));
  setLevel(Level::kInfo);
  EXPECT_TRUE(enabled(Level::kInfo));
}

}  // namespace
}  // namespace profiling::log
