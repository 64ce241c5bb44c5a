#include "operator/kube/line_splitter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace profiling::kube {
namespace {

struct LineSplitterTest : ::testing::Test {
  LineSplitter lines{10};
  std::vector<std::string> seen;
  std::vector<std::string> cut;
  LineSplitter::LineSink on_cut = [this](std::string_view head) {
    cut.emplace_back(head);
    return head == "0000000000" ? Status(Code::kInternal, "no event") : Status();
  };
  LineSplitter::LineSink sink = [this](std::string_view line) {
    seen.emplace_back(line);
    return line == "stop" ? Status(Code::kGone, "asked to") : Status();
  };
};

TEST_F(LineSplitterTest, LinesArriveWholeForAnySplitOfTheBytes) {
  const std::string text = "abc\n\n  \r\ndefghijklm\nx\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    seen.clear();
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(lines.push(std::string_view(text).substr(at, size), sink, on_cut).ok());
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"abc", "defghijklm", "x"})) << size;
  }
}

TEST_F(LineSplitterTest, ALongLineIsCutAndTheLinesAfterItArriveForAnySplitOfTheBytes) {
  const std::string text = "abc\n0123456789a\ndef\n0123456789\n0123456789 and much more\nx\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    seen.clear();
    cut.clear();
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(lines.push(std::string_view(text).substr(at, size), sink, on_cut).ok());
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"abc", "def", "0123456789", "x"})) << size;
    EXPECT_EQ(cut, (std::vector<std::string>{"0123456789", "0123456789"})) << size;
  }
}

TEST_F(LineSplitterTest, ALongLineIsCutBeforeItsEnd) {
  EXPECT_TRUE(lines.push("0123456789", sink, on_cut).ok());
  EXPECT_TRUE(cut.empty());
  EXPECT_TRUE(lines.push("a", sink, on_cut).ok());
  EXPECT_EQ(cut.size(), 1u);
  EXPECT_TRUE(lines.finish(sink).ok());
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(lines.push("000000000000", sink, on_cut).code(), Code::kInternal);
}

TEST_F(LineSplitterTest, ACleanEndPassesOnALineWithoutNewline) {
  EXPECT_TRUE(lines.push("a\nlast", sink, on_cut).ok());
  EXPECT_TRUE(lines.finish(sink).ok());
  EXPECT_TRUE(lines.finish(sink).ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "last"}));
}

TEST_F(LineSplitterTest, ResetDropsAFragment) {
  EXPECT_TRUE(lines.push("frag", sink, on_cut).ok());
  lines.reset();
  EXPECT_TRUE(lines.push("whole\n", sink, on_cut).ok());
  EXPECT_EQ(seen, std::vector<std::string>{"whole"});
}

TEST_F(LineSplitterTest, TheSinksErrorEndsThePush) {
  EXPECT_EQ(lines.push("a\nstop\nnever\n", sink, on_cut).code(), Code::kGone);
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "stop"}));
}

}  // namespace
}  // namespace profiling::kube
