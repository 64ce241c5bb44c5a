#include "controllers/signals/lanes.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "controllers/signals/arrival.h"
#include "controllers/signals/slow_servers.h"
#include "tests/support/wait_for.h"
#include "tests/unit/controllers/signals/fake_queries.h"

namespace profiling::signals {
namespace {

using namespace std::chrono_literals;
using test::waitFor;

// A task that ends only when it is stopped.
void untilStopped(const std::stop_token& stop) {
  Mutex mutex;
  CondVar never;
  const MutexLock lock(mutex);
  (void)never.wait(mutex, stop, [] { return false; });
}

TEST(Lanes, AServerThatDripsDelaysOnlyItsOwnQuestions) {
  Lanes lanes;
  lanes.start();
  std::atomic<int> quick{0}, slow{0};
  for (int i = 0; i < 3; ++i) {
    lanes.add("shop/drips", [&](const std::stop_token& stop) {
      ++slow;
      untilStopped(stop);
    });
  }
  for (int i = 0; i < 50; ++i) lanes.add("team/answers", [&](const auto&) { ++quick; });
  EXPECT_TRUE(waitFor([&] { return quick == 50; }));
  EXPECT_TRUE(waitFor([&] { return slow == 1; })) << "one question of a server at a time";
  lanes.stop();
  EXPECT_EQ(slow, 1);
}

TEST(Lanes, QuestionsOfAServerKeepTheirOrder) {
  Lanes lanes;
  std::vector<int> order;
  std::atomic<int> count{0};
  for (int i = 0; i < 20; ++i) {
    lanes.add("a", [&, i](const auto&) {
      order.push_back(i);  // no lock: a lane never runs two
      ++count;
    });
  }
  lanes.start();
  EXPECT_TRUE(waitFor([&] { return count == 20; }));
  lanes.stop();
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Lanes, SlowServersLeaveHalfOfTheThreads) {
  Lanes lanes(4, 0ms);  // every task counts as slow once it has run
  lanes.start();
  std::atomic<int> first{0}, again{0}, quick{0};
  for (int i = 0; i < 8; ++i) {
    lanes.add("slow-" + std::to_string(i), [&](const auto&) {
      std::this_thread::sleep_for(2ms);  // longer than the bound
      ++first;
    });
  }
  ASSERT_TRUE(waitFor([&] { return first == 8 && lanes.empty(); }));
  for (int i = 0; i < 8; ++i) {
    lanes.add("slow-" + std::to_string(i), [&](const std::stop_token& stop) {
      ++again;
      untilStopped(stop);
    });
  }
  ASSERT_TRUE(waitFor([&] { return again == 2; }));
  for (int i = 0; i < 10; ++i) lanes.add("new-" + std::to_string(i), [&](const auto&) { ++quick; });
  EXPECT_TRUE(waitFor([&] { return quick == 10; }));
  EXPECT_EQ(again, 2);
  lanes.stop();
}

TEST(Lanes, StopEndsWhatRunsAndDropsWhatWaits) {
  Lanes lanes;
  lanes.start();
  std::atomic<bool> began{false};
  lanes.add("a", [&](const std::stop_token& stop) {
    began = true;
    untilStopped(stop);
  });
  ASSERT_TRUE(waitFor([&] { return began.load(); }));
  lanes.stop();
  lanes.add("a", [](const auto&) { FAIL(); });
}

TEST(SlowServers, AreAskedLessEachTimeAndForgivenByOneAnswer) {
  SlowServers slow;
  const SteadyTime now{};
  const Status late(Code::kDeadlineExceeded, "late");
  EXPECT_EQ(slow.pause("a", now), Millis(0));
  slow.asked("a", late, now);
  EXPECT_EQ(slow.pause("a", now), Millis(1min));
  EXPECT_EQ(slow.pause("a", now + 1min), Millis(0));
  EXPECT_EQ(slow.pause("b", now), Millis(0)) << "another server is not held back";
  slow.asked("a", late, now);
  EXPECT_EQ(slow.pause("a", now), Millis(2min));
  for (int i = 0; i < 20; ++i) slow.asked("a", late, now);
  EXPECT_EQ(slow.pause("a", now), Millis(1h));
  slow.asked("a", Status(Code::kUnavailable, "refused at once"), now);
  EXPECT_EQ(slow.pause("a", now), Millis(0));
}

// Each request takes a third of the question's time.
TEST(ArrivalReader, TheDeadlineIsOfTheWholeQuestion) {
  test::FakeQueries queries;
  queries.answer = [&](const test::FakeQueries::Call& call) -> Result<std::string> {
    std::this_thread::sleep_for(40ms);
    if (call.url.ends_with("LabelValues")) {
      return std::string(R"({"names":["process_cpu:cpu:nanoseconds:cpu:nanoseconds",)"
                         R"("memory:alloc_space:bytes:space:bytes",)"
                         R"("goroutine:goroutine:count:goroutine:count",)"
                         R"("mutex:delay:nanoseconds:contentions:count"]})");
    }
    return std::string(R"({"series":[]})");
  };
  ArrivalQuestion question;
  question.server = {"shop", "drips"};
  question.scope.namespace_ = "shop";
  question.pods["web"] = {};
  question.now = std::chrono::system_clock::now();
  question.since = question.now - 1min;
  const auto read = ArrivalReader(queries, {}, 100ms).read(question, {});
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.status().code(), Code::kDeadlineExceeded);
  EXPECT_LE(queries.calls.size(), 3u);
  for (const auto& call : queries.calls) EXPECT_LE(call.deadline, 100ms);
}

}  // namespace
}  // namespace profiling::signals
