#include "operator/kube/watch_machine.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace profiling::kube {
namespace {

using namespace std::chrono_literals;

const Status kOk;
const Status kGone(Code::kGone, "too old");
const Status kReset(Code::kUnavailable, "reset");

struct WatchMachineTest : ::testing::Test {
  static WatchTiming pagesOnly() {
    WatchTiming timing;
    timing.streaming_list = false;
    return timing;
  }
  WatchTiming timing = pagesOnly();
  WatchMachine machine{timing, 1};
  SteadyTime now{1h};

  template <class Step>
  Step step() {
    const WatchMachineStep s = machine.next(now);
    EXPECT_TRUE(std::holds_alternative<Step>(s)) << "step " << s.index();
    return std::holds_alternative<Step>(s) ? std::get<Step>(s) : Step{};
  }
  // To a running watch from resourceVersion "10".
  void watching() {
    step<ListStep>();
    ASSERT_EQ(machine.pageDone("10", "", 3, 0), PageVerdict::kComplete);
    step<WatchStep>();
  }
  std::chrono::milliseconds wait() {
    const auto delay = step<WaitStep>().delay;
    now += delay;
    return delay;
  }
};

TEST_F(WatchMachineTest, ListsPageByPageThenWatchesFromTheListsVersion) {
  EXPECT_EQ(step<ListStep>().limit, 500);
  EXPECT_EQ(machine.pageDone("10", "t1", 500, 0), PageVerdict::kMore);
  EXPECT_EQ(step<ListStep>().continue_token, "t1");
  EXPECT_EQ(machine.pageDone("10", "t2", 500, 0), PageVerdict::kMore);
  EXPECT_EQ(step<ListStep>().continue_token, "t2");
  EXPECT_EQ(machine.pageDone("10", "", 1, 0), PageVerdict::kComplete);
  EXPECT_EQ(step<WatchStep>().resource_version, "10");
  EXPECT_FALSE(machine.listing());
}

TEST_F(WatchMachineTest, TheLifetimeOfAWatchIsRandomBetweenFiveAndTenMinutes) {
  std::chrono::seconds shortest = 1h, longest = 0s;
  watching();
  for (int i = 0; i < 200; ++i) {
    now += 6min;
    machine.watchEnded(kOk, false, now);
    const WatchStep w = step<WatchStep>();
    shortest = std::min(shortest, w.timeout);
    longest = std::max(longest, w.timeout);
    EXPECT_GT(w.idle, w.timeout) << "the server ends it first, if it is alive";
    EXPECT_LE(w.idle, 2 * w.timeout);
    EXPECT_GT(w.total, w.idle);
  }
  EXPECT_GE(shortest, 5min);
  EXPECT_LE(longest, 10min);
  EXPECT_GT(longest - shortest, 3min);
}

TEST_F(WatchMachineTest, ACleanEndIsResumedAtOnceFromTheLastEventOrBookmark) {
  watching();
  machine.eventSeen("11");
  machine.eventSeen("15");  // a bookmark
  machine.eventSeen("");    // an object without a version
  now += 7min;
  machine.watchEnded(kOk, false, now);
  EXPECT_EQ(step<WatchStep>().resource_version, "15");
}

TEST_F(WatchMachineTest, ABrokenStreamIsResumedAfterABackoff) {
  watching();
  machine.eventSeen("12");
  machine.watchEnded(kReset, false, now);
  const auto delay = wait();
  EXPECT_GE(delay, 400ms);
  EXPECT_LE(delay, 800ms);
  EXPECT_EQ(step<WatchStep>().resource_version, "12");
}

TEST_F(WatchMachineTest, ABrokenConnectionNeverCausesAList) {
  watching();
  for (const Code code : {Code::kUnavailable, Code::kDeadlineExceeded, Code::kTls}) {
    for (int i = 0; i < 20; ++i) {
      machine.watchEnded(Status(code, "x"), false, now);
      wait();
      EXPECT_EQ(step<WatchStep>().resource_version, "10");
    }
  }
}

TEST_F(WatchMachineTest, GoneListsAgainWhetherHttpStatusOrErrorEvent) {
  for (const bool after_events : {false, true}) {
    SCOPED_TRACE(after_events);
    watching();
    if (after_events) machine.eventSeen("11");
    machine.watchEnded(kGone, true, now);
    EXPECT_GT(wait(), 0ms);
    EXPECT_EQ(step<ListStep>().continue_token, "");
    EXPECT_EQ(machine.pageDone("30", "", 3, 3), PageVerdict::kComplete);
    EXPECT_EQ(step<WatchStep>().resource_version, "30");
    machine.watchEnded(kGone, true, now);
    wait();
  }
}

TEST_F(WatchMachineTest, GoneOnContinueStartsTheListOverWithLargerPages) {
  step<ListStep>();
  machine.pageDone("10", "t1", 500, 0);
  step<ListStep>();
  machine.listFailed(kGone, now);
  wait();
  ListStep again = step<ListStep>();
  EXPECT_EQ(again.continue_token, "");
  EXPECT_EQ(again.limit, 1000);
  for (int i = 0; i < 10; ++i) {
    machine.pageDone("10", "t1", 500, 0);
    step<ListStep>();
    machine.listFailed(kGone, now);
    wait();
    again = step<ListStep>();
  }
  EXPECT_EQ(again.limit, 8000) << "bounded";
  EXPECT_EQ(machine.pageDone("20", "", 1, 0), PageVerdict::kComplete);
  step<WatchStep>();
  machine.watchEnded(kGone, true, now);
  wait();
  EXPECT_EQ(step<ListStep>().limit, 500) << "a complete list forgets the trouble";
}

TEST_F(WatchMachineTest, AnOverlargePageIsRequestedInSmallerOnes) {
  int expected = 500;
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(step<ListStep>().limit, expected);
    machine.listFailed(Status(Code::kTooLarge, "x"), now);
    wait();
    expected = std::max(1, expected / 4);
  }
  EXPECT_EQ(expected, 1);
}

TEST_F(WatchMachineTest, PagesThatWereTooLargeStaySmallAtLaterListsAndThenGrowAgain) {
  step<ListStep>();
  machine.listFailed(Status(Code::kTooLarge, "x"), now);
  wait();
  for (const int expected : {125, 125, 250, 500, 500}) {
    EXPECT_EQ(step<ListStep>().limit, expected);
    ASSERT_EQ(machine.pageDone("10", "", 3, 0), PageVerdict::kComplete);
    step<WatchStep>();
    machine.watchEnded(kGone, true, now);
    wait();
  }
}

TEST_F(WatchMachineTest, InvalidAnswersCauseAList) {
  for (const Code code :
       {Code::kInternal, Code::kInvalidArgument, Code::kNotFound, Code::kTooLarge}) {
    SCOPED_TRACE(codeName(code));
    watching();
    machine.watchEnded(Status(code, "x"), false, now);
    wait();
    EXPECT_TRUE(machine.listing());
  }
}

TEST_F(WatchMachineTest, ThreeRefusalsInARowListAgain) {
  watching();
  const Status late(Code::kDeadlineExceeded, "Too large resource version");
  for (int i = 0; i < 2; ++i) {
    machine.watchEnded(late, true, now);
    wait();
    EXPECT_EQ(step<WatchStep>().resource_version, "10");
  }
  machine.watchEnded(late, true, now);
  wait();
  step<ListStep>();
}

TEST_F(WatchMachineTest, AnEventBetweenRefusalsIsProgress) {
  watching();
  for (int i = 0; i < 10; ++i) {
    machine.eventSeen(std::to_string(11 + i));
    machine.watchEnded(Status(Code::kUnavailable, "x"), true, now);
    wait();
    EXPECT_EQ(step<WatchStep>().resource_version, std::to_string(11 + i));
  }
}

TEST_F(WatchMachineTest, ThrottlingDelaysButDoesNotList) {
  watching();
  for (int i = 0; i < 10; ++i) {
    machine.watchEnded(Status(Code::kRateLimited, "x").withRetryAfter(45s), true, now);
    EXPECT_GE(wait(), 45s);
    step<WatchStep>();
  }
}

TEST_F(WatchMachineTest, BackoffGrowsToItsCapAndStaysWithinBounds) {
  watching();
  std::chrono::milliseconds longest{0};
  for (int i = 0; i < 60; ++i) {
    machine.watchEnded(kReset, false, now);
    const auto delay = wait();
    EXPECT_GE(delay, 400ms);
    EXPECT_LE(delay, 30s);
    if (i == 0) {
      EXPECT_LE(delay, 800ms);
    }
    longest = std::max(longest, delay);
    step<WatchStep>();
  }
  EXPECT_GT(longest, 20s);
}

TEST_F(WatchMachineTest, BackoffStartsOverAfterTwoHealthyMinutes) {
  watching();
  for (int i = 0; i < 20; ++i) {
    machine.watchEnded(kReset, false, now);
    wait();
    step<WatchStep>();
  }
  now += 2min;
  machine.watchEnded(kReset, false, now);
  EXPECT_LE(wait(), 800ms);
}

TEST_F(WatchMachineTest, AListThatFailsIsRetriedFromItsFirstPage) {
  step<ListStep>();
  machine.pageDone("10", "t1", 500, 0);
  step<ListStep>();
  machine.listFailed(kReset, now);
  wait();
  const ListStep again = step<ListStep>();
  EXPECT_EQ(again.continue_token, "");
  EXPECT_EQ(again.limit, 500);
}

TEST_F(WatchMachineTest, AWatchThatEndsEarlyWithoutAnEventBacksOffMoreAndMore) {
  watching();
  std::chrono::milliseconds longest{0};
  for (int i = 0; i < 40; ++i) {
    machine.watchEnded(kOk, false, now);
    longest = std::max(longest, wait());
    EXPECT_EQ(step<WatchStep>().resource_version, "10");
  }
  EXPECT_GT(longest, 10s);
}

TEST_F(WatchMachineTest, AWatchThatEndsAfterEveryEventIsResumedWithinASecond) {
  watching();
  for (int i = 0; i < 40; ++i) {
    machine.eventSeen(std::to_string(11 + i));
    machine.watchEnded(kOk, false, now);
    EXPECT_LE(wait(), 800ms);
    EXPECT_EQ(step<WatchStep>().resource_version, std::to_string(11 + i));
  }
}

TEST_F(WatchMachineTest, AnEmptyListForAFilledStoreNeedsAConfirmation) {
  watching();
  machine.watchEnded(kGone, true, now);
  wait();
  step<ListStep>();
  EXPECT_EQ(machine.pageDone("30", "", 0, 3), PageVerdict::kConfirm);
  EXPECT_EQ(wait(), 1s);
  EXPECT_EQ(step<ListStep>().continue_token, "");
  EXPECT_EQ(machine.pageDone("31", "", 0, 3), PageVerdict::kComplete);
  EXPECT_EQ(step<WatchStep>().resource_version, "31");
}

TEST_F(WatchMachineTest, ASecondListWithContentsWins) {
  watching();
  machine.watchEnded(kGone, true, now);
  wait();
  step<ListStep>();
  machine.pageDone("30", "", 0, 3);
  wait();
  step<ListStep>();
  EXPECT_EQ(machine.pageDone("31", "", 3, 3), PageVerdict::kComplete);
}

TEST_F(WatchMachineTest, AFailureBetweenTwoEmptyListsResetsTheConfirmation) {
  watching();
  machine.watchEnded(kGone, true, now);
  wait();
  step<ListStep>();
  EXPECT_EQ(machine.pageDone("30", "", 0, 3), PageVerdict::kConfirm);
  wait();
  step<ListStep>();
  machine.listFailed(kReset, now);
  wait();
  step<ListStep>();
  EXPECT_EQ(machine.pageDone("31", "", 0, 3), PageVerdict::kConfirm);
}

TEST_F(WatchMachineTest, EmptyListsForAnEmptyStoreNeedNoConfirmation) {
  step<ListStep>();
  EXPECT_EQ(machine.pageDone("5", "", 0, 0), PageVerdict::kComplete);
  EXPECT_EQ(step<WatchStep>().resource_version, "5");
}

TEST_F(WatchMachineTest, AnEmptyLastPageNeedsNoConfirmation) {
  step<ListStep>();
  machine.pageDone("5", "t", 500, 500);
  step<ListStep>();
  EXPECT_EQ(machine.pageDone("5", "", 0, 500), PageVerdict::kComplete);
}

struct StreamingMachineTest : WatchMachineTest {
  StreamingMachineTest() : streaming(WatchTiming(), 1) {}
  template <class Step>
  bool next() {
    WatchMachineStep s = streaming.next(now);
    if (const auto* wait = std::get_if<WaitStep>(&s)) {
      now += wait->delay;
      s = streaming.next(now);
    }
    return std::holds_alternative<Step>(s);
  }
  WatchMachine streaming;
};

TEST_F(StreamingMachineTest, AfterTwoBrokenStreamsPagesAreRead) {
  ASSERT_TRUE(next<StreamListStep>());
  streaming.streamFailed(kReset, now);
  ASSERT_TRUE(next<StreamListStep>());
  streaming.streamFailed(kReset, now);
  ASSERT_TRUE(next<ListStep>());
  EXPECT_EQ(streaming.pageDone("10", "", 1, 0), PageVerdict::kComplete);
  ASSERT_TRUE(next<WatchStep>());
  streaming.watchEnded(kGone, true, now);
  EXPECT_TRUE(next<StreamListStep>());
  EXPECT_TRUE(streaming.streaming());
}

TEST_F(StreamingMachineTest, RefusalAndMissingBookmarkDisableStreamingWithoutADelay) {
  for (const Code code : {Code::kInvalidArgument, Code::kDeadlineExceeded}) {
    WatchMachine m(WatchTiming(), 1);
    ASSERT_TRUE(std::holds_alternative<StreamListStep>(m.next(now)));
    m.streamFailed({code, "no"}, now);
    EXPECT_FALSE(m.streaming());
    ASSERT_TRUE(std::holds_alternative<ListStep>(m.next(now)));
  }
}

TEST_F(StreamingMachineTest, AnEmptyStreamNeedsAConfirmation) {
  ASSERT_TRUE(next<StreamListStep>());
  EXPECT_EQ(streaming.streamDone("10", 0, 5), PageVerdict::kConfirm);
  ASSERT_TRUE(next<StreamListStep>());
  EXPECT_EQ(streaming.streamDone("11", 0, 5), PageVerdict::kComplete);
}

}  // namespace
}  // namespace profiling::kube
