#include "operator/cli/terminal_text.h"

#include <sstream>

#include <gtest/gtest.h>

namespace profiling::cli {
namespace {

std::string shown(const std::string& text) {
  std::ostringstream out;
  {
    TerminalStream stream(out);
    for (const char c : text) stream << c;  // characters may arrive in pieces
  }
  std::ostringstream whole;
  {
    TerminalStream stream(whole);
    stream << text;
  }
  EXPECT_EQ(out.str(), whole.str());
  return out.str();
}

TEST(TerminalText, TextPasses) {
  EXPECT_EQ(shown("plain\tline\n"), "plain\tline\n");
  EXPECT_EQ(shown("größe 😀 日本"), "größe 😀 日本");
}

TEST(TerminalText, ControlCharactersOfAnyKindDoNot) {
  EXPECT_EQ(shown("a\x1b[2Jb\rc\x07"), "a [2Jb c ");
  EXPECT_EQ(shown("a\xC2\x9B"
                  "2J"),
            "a 2J")
      << "U+009B";
  EXPECT_EQ(shown("a\xE2\x80\xAE"
                  "b\xE2\x81\xA6"
                  "c\xE2\x80\x8B"
                  "d\xEF\xBB\xBF"),
            "a b c d ")
      << "direction and zero width";
  EXPECT_EQ(shown("a\xF3\xA0\x81\x81"), "a ") << "a tag";
  EXPECT_EQ(shown("a\xE2\x80"), "a??") << "half a character";
}

TEST(TerminalText, OwnSequencesKeepTheirEscape) {
  EXPECT_EQ(shown("\xFF[1;31mred\xFF[0m"), "\x1b[1;31mred\x1b[0m");
  EXPECT_EQ(shown("\xFF[12A\xFF[1G\xFF[J"), "\x1b[12A\x1b[1G\x1b[J");
  EXPECT_EQ(shown("\xFF]0;title\x07"), "?]0;title ") << "no other sequence is ours";
  EXPECT_EQ(shown("\xFF[2"), "?[2");
}

}  // namespace
}  // namespace profiling::cli
