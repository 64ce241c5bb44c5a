#include "operator/base/text.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace profiling {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

TEST(JsonString, EscapesWhatJsonMustNotHold) {
  EXPECT_EQ(jsonString(""), R"("")");
  EXPECT_EQ(jsonString("plain é 漢 😀"), "\"plain é 漢 😀\"");
  EXPECT_EQ(jsonString("\"\\/\n\t\r\b"), R"("\"\\/\n\t\r\u0008")");
  EXPECT_EQ(jsonString(std::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
}

TEST(JsonString, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  const auto quoted = [](int n, std::string_view tail = "") {
    std::string s = "\"";
    for (int i = 0; i < n; ++i) s += kReplacement;
    return s + std::string(tail) + "\"";
  };
  EXPECT_EQ(jsonString("\xff"), quoted(1));
  EXPECT_EQ(jsonString("\x80z"), quoted(1, "z")) << "lone continuation";
  EXPECT_EQ(jsonString("\xc3"), quoted(1)) << "cut off";
  EXPECT_EQ(jsonString("\xe2\x82"), quoted(2)) << "cut off";
  EXPECT_EQ(jsonString("\xc0\xaf"), quoted(2)) << "overlong";
  EXPECT_EQ(jsonString("\xe0\x80\xaf"), quoted(3)) << "overlong";
  EXPECT_EQ(jsonString("\xed\xa0\x80"), quoted(3)) << "surrogate";
  EXPECT_EQ(jsonString("\xf4\x90\x80\x80"), quoted(4)) << "above U+10FFFF";
  EXPECT_EQ(jsonString("\xf4\x8f\xbf\xbf"), "\"\xf4\x8f\xbf\xbf\"") << "U+10FFFF itself";
}

TEST(Printable, CutsAtACharacterAndMakesControlsHarmless) {
  EXPECT_EQ(printable("short"), "short");
  EXPECT_EQ(printable("a\nb\tc\x1b[0m\x7f"), "a b c [0m ");
  EXPECT_EQ(printable("\xff\xfe."), "??.");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("abc", 3), "abc");
  EXPECT_EQ(printable("aéé", 4), "aé…") << "never half a character";
  EXPECT_EQ(printable("😀", 3), "…");
  EXPECT_EQ(printable("x", 0), "…");
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,b", ','), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(split(",a,", ','), (std::vector<std::string_view>{"", "a", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Trim, TakesAsciiWhiteSpaceOffBothEnds) {
  EXPECT_EQ(trim(" \t\r\n a b \n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Base64, VectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64Encode(plain), encoded);
    EXPECT_EQ(base64Decode(encoded), plain);
  }
}

TEST(Base64, AllBytesComeBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    EXPECT_EQ(base64Decode(base64Encode(bytes)), bytes);
  }
}

TEST(Base64, WhatIsNotBase64IsRefused) {
  for (const char* bad :
       {"Zg", "Zg=", "Z===", "====", "Zm9v!", "Zm9*", "Zm=v", "Z=9v", "Zg==Zg=="}) {
    EXPECT_EQ(base64Decode(bad), std::nullopt) << bad;
  }
}

TEST(HexSha256, KnownDigest) {
  EXPECT_EQ(hexSha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

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

TEST(Rfc3339, WhatIsNotATimeIsRefused) {
  for (const char* bad :
       {"", "2026-08-01", "2026-08-01T12:00:00", "2026-08-01T12:00:00+00:00",
        "2026-13-01T12:00:00Z", "2026-08-32T12:00:00Z", "2026-08-01T25:00:00Z",
        "2026-08-01 12:00:00Z", "2026-08-01T12:00:00xyzZ", "2026-08-01T12:00:00.Z",
        "2026-02-30T00:00:00Z", " 2026-8-1T12:00:00Z", "xxxxxxxxxxxxxxxxxxxZ"}) {
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

TEST(Duration, WhatIsNotADurationIsAnErrorThatNamesTheValue) {
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
