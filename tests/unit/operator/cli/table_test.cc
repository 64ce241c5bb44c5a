#include "operator/cli/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/cli/progress.h"
#include "tests/unit/operator/cli/support.h"

namespace profiling::cli {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(Table, ColumnsFitTheWidestCellAndEmptyCellsAreDashes) {
  const Table table{{"NAME", "STATE"}, {{"deployment/web", "Soaking"}, {"db", ""}}};
  EXPECT_THAT(render(table, {}), ElementsAre("NAME             STATE",    //
                                             "deployment/web   Soaking",  //
                                             "db               -"));
}

TEST(Table, CodePointsCountAsOneColumn) {
  const Table table{{"A", "B"}, {{"██░", "x"}, {"abc", "y"}}};
  EXPECT_THAT(render(table, {}), ElementsAre("A     B", "██░   x", "abc   y"));
}

TEST(Table, LinesAreCutToTheWidthAndColourTakesNone) {
  const Style style{.colour = true, .width = 9};
  const Table table{{"NAME", "STATE"}, {{"web", Cell("Complete", Tone::kGood)}}};
  EXPECT_EQ(render(table, style)[1], "web    \xff[32mCo\xff[0m");
}

TEST(Table, TextFromTheClusterCannotControlTheTerminal) {
  const Table table{{"MESSAGE"}, {{"\x1b[2J\nnew line"}}};
  EXPECT_EQ(render(table, {})[1].find('\x1b'), std::string::npos);
  EXPECT_EQ(render(table, {})[1].find('\n'), std::string::npos);
}

TEST(Pairs, PairsWithoutAValueAreDropped) {
  EXPECT_THAT(render(Pairs{{"Phase", "Active"}, {"Reason", ""}, {"Workloads", "3"}}, {}),
              ElementsAre("Phase:       Active", "Workloads:   3"));
}

TEST(ProgressBar, IsFullOnlyWhenAllAreDoneAndEmptyOnlyWhenNoneIs) {
  EXPECT_EQ(progressBar(0, 10, {}), "[..........] 0/10");
  EXPECT_EQ(progressBar(5, 10, {}), "[#####.....] 5/10");
  EXPECT_EQ(progressBar(10, 10, {}), "[##########] 10/10");
  EXPECT_EQ(progressBar(1, 1000, {}), "[#.........] 1/1000");
  EXPECT_EQ(progressBar(999, 1000, {}), "[#########.] 999/1000");
  EXPECT_EQ(progressBar(0, 0, {}), "[..........] 0/0");
  EXPECT_EQ(progressBar(12, 10, {}), "[##########] 12/10");
  EXPECT_EQ(progressBar(1, 2, {.unicode = true}), "█████░░░░░ 1/2");
}

TEST(Span, MatchesKubectlsAge) {
  EXPECT_EQ(span(seconds(-5)), "0s");
  EXPECT_EQ(span(seconds(119)), "119s");
  EXPECT_EQ(span(seconds(192)), "3m12s");
  EXPECT_EQ(span(minutes(27)), "27m");
  EXPECT_EQ(span(minutes(310)), "5h10m");
  EXPECT_EQ(span(hours(40)), "40h");
  EXPECT_EQ(span(hours(76)), "3d4h");
  EXPECT_EQ(span(hours(24 * 100)), "100d");
  EXPECT_EQ(age("2026-08-01T11:58:30Z", noon()), "90s");
  EXPECT_EQ(age("yesterday", noon()), "");
}

TEST(Roughly, HasAtMostTwoUnits) {
  EXPECT_EQ(roughly(seconds(40)), "40s");
  EXPECT_EQ(roughly(seconds(100)), "2m");
  EXPECT_EQ(roughly(minutes(130)), "2h10m");
  EXPECT_EQ(roughly(hours(28)), "1d4h");
}

}  // namespace
}  // namespace profiling::cli
