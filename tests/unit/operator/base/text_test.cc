#include "operator/base/text.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace profiling {
namespace {

TEST(Printable, CutsAtACharacterAndMakesControlsHarmless) {
  EXPECT_EQ(printable("short"), "short");
  EXPECT_EQ(printable("a\nb\tc\x1b[0m\x7f"), "a b c [0m ");
  EXPECT_EQ(printable("\xff\xfe."), "??.");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "b\xE2\x80\xAE"
                      "c\xE2\x80\x8B"
                      "d\xEF\xBB\xBF"
                      "e\xF3\xA0\x80\x81"),
            "a b c d e ")
      << "C1, direction, zero width, byte order mark, tag";
  EXPECT_EQ(printable("é日😀"), "é日😀");
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

}  // namespace
}  // namespace profiling
