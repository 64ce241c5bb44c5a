#include "operator/base/json_text.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace profiling {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

TEST(JsonString, EscapesQuotesBackslashesAndControlCharacters) {
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

}  // namespace
}  // namespace profiling
