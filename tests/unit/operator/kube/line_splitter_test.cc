#include "operator/kube/line_splitter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace profiling::kube {
namespace {

struct LineSplitterTest : ::testing::Test {
  LineSplitter lines{10};
  std::vector<std::string> seen;
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
      ASSERT_TRUE(lines.push(std::string_view(text).substr(at, size), sink).ok());
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"abc", "defghijklm", "x"})) << size;
  }
}

TEST_F(LineSplitterTest, ALongLineIsRefusedBeforeItsEnd) {
  EXPECT_TRUE(lines.push("0123456789", sink).ok());
  EXPECT_EQ(lines.push("0", sink).code(), Code::kTooLarge);
  lines.reset();
  EXPECT_EQ(lines.push("0123456789a\n", sink).code(), Code::kTooLarge);
  EXPECT_TRUE(seen.empty());
}

TEST_F(LineSplitterTest, ACleanEndPassesOnALineWithoutNewline) {
  EXPECT_TRUE(lines.push("a\nlast", sink).ok());
  EXPECT_TRUE(lines.finish(sink).ok());
  EXPECT_TRUE(lines.finish(sink).ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "last"}));
}

TEST_F(LineSplitterTest, ResetDropsAFragment) {
  EXPECT_TRUE(lines.push("frag", sink).ok());
  lines.reset();
  EXPECT_TRUE(lines.push("whole\n", sink).ok());
  EXPECT_EQ(seen, std::vector<std::string>{"whole"});
}

TEST_F(LineSplitterTest, TheSinksErrorEndsThePush) {
  EXPECT_EQ(lines.push("a\nstop\nnever\n", sink).code(), Code::kGone);
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "stop"}));
}

}  // namespace
}  // namespace profiling::kube
