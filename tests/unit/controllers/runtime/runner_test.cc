#include "controllers/runtime/runner.h"

#include <atomic>
#include <condition_variable>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/wait_for.h"

namespace profiling::controllers {
namespace {

using test::waitFor;

struct Row {
  const char* sentence;
  Status first;     // what the first reconcile returns; later ones succeed
  bool comes_back;  // by itself, with backoff
  std::uint64_t RunnerStats::*counter;
};
class RunnerOutcome : public testing::TestWithParam<Row> {};

TEST_P(RunnerOutcome, Is) {
  kube::WorkQueue queue({Millis(1), Millis(5)});
  std::atomic<int> calls{0};
  Runner runner("test", queue, [&](const std::string& key, const std::stop_token&) {
    EXPECT_EQ(key, "ns/a");
    return calls++ == 0 ? Outcome::failed(GetParam().first) : Outcome::done();
  });
  runner.start();
  queue.add("ns/a");
  const int expected = GetParam().comes_back ? 2 : 1;
  EXPECT_TRUE(waitFor([&] { return calls == expected; })) << GetParam().sentence;
  EXPECT_TRUE(waitFor([&] { return runner.stats().active == 0; }));
  runner.stop();
  EXPECT_EQ(runner.stats().*GetParam().counter, 1U) << GetParam().sentence;
  EXPECT_EQ(runner.stats().success, GetParam().comes_back ? 1U : 0U);
  EXPECT_EQ(queue.stats().depth, 0U);
  EXPECT_EQ(queue.stats().delayed, GetParam().comes_back ? 0U : 1U) << "in five minutes";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RunnerOutcome,
    testing::Values(Row{"an unavailable server is asked again", Status(Code::kUnavailable, "x"),
                        true, &RunnerStats::error},
                    Row{"a conflict is read again", Status(Code::kConflict, "x"), true,
                        &RunnerStats::error},
                    Row{"a timeout is read back", Status(Code::kDeadlineExceeded, "x"), true,
                        &RunnerStats::error},
                    Row{"an invalid object is not tried again soon",
                        Status(Code::kInvalidArgument, "x"), false, &RunnerStats::terminal},
                    Row{"an object that is too large is not tried again soon",
                        Status(Code::kTooLarge, "x"), false, &RunnerStats::terminal}));

TEST(Runner, ExceptionsAreCaughtCountedAndRetried) {
  kube::WorkQueue queue({Millis(1), Millis(5)});
  std::atomic<int> calls{0};
  Runner runner("test", queue, [&](const std::string&, const std::stop_token&) -> Outcome {
    const int call = calls++;
    if (call == 0) throw std::runtime_error("boom");
    if (call == 1) throw 7;
    return Outcome::done();
  });
  runner.start();
  queue.add("a");
  EXPECT_TRUE(waitFor([&] { return runner.stats().success == 1; }));
  EXPECT_EQ(runner.stats().exception, 2U);
  EXPECT_EQ(runner.stats().error, 2U);
}

TEST(Runner, ARefusalIsRetriedAfterMinutesBecauseThePolicyMayBeFixed) {
  test::FakeClock clock;
  kube::WorkQueue queue({Millis(1), Millis(5)}, clock);
  Runner runner(
      "test", queue,
      [](const std::string& key, const std::stop_token&) {
        return key == "refused" ? Outcome::failed(Status(Code::kInvalidArgument, "x"))
                                : Outcome::done();
      },
      1, clock);
  runner.start();
  queue.add("refused");
  EXPECT_TRUE(waitFor([&] { return runner.stats().terminal == 1; }));
  EXPECT_TRUE(waitFor([&] { return runner.stats().queue.delayed == 1; }));
  clock.advance(std::chrono::minutes(5));
  queue.add("other");  // wakes the worker, which looks at the clock again
  EXPECT_TRUE(waitFor([&] { return runner.stats().terminal == 2; }));
  runner.stop();
}

TEST(Runner, ARefusalWithRetryAfterIsNotTerminal) {
  test::FakeClock clock;
  kube::WorkQueue queue({Millis(1), Millis(5)}, clock);
  Runner runner(
      "test", queue,
      [](const std::string&, const std::stop_token&) {
        return Outcome::failed(
            Status(Code::kInvalidArgument, "x").withRetryAfter(std::chrono::seconds(9)));
      },
      1, clock);
  runner.start();
  queue.add("a");
  EXPECT_TRUE(waitFor([&] { return runner.stats().queue.delayed == 1; }));
  EXPECT_EQ(runner.stats().terminal, 0U);
  runner.stop();
}

TEST(Runner, PermissionDeniedAndRetryAfterDelayTheRetry) {
  test::FakeClock clock;
  kube::WorkQueue queue({Millis(1), Millis(5)}, clock);
  Runner runner(
      "test", queue,
      [](const std::string& key, const std::stop_token&) {
        return Outcome::failed(
            key == "forbidden"
                ? Status(Code::kPermissionDenied, "x")
                : Status(Code::kRateLimited, "x").withRetryAfter(std::chrono::seconds(9)));
      },
      1, clock);
  runner.start();
  queue.add("forbidden");
  queue.add("limited");
  EXPECT_TRUE(waitFor([&] { return runner.stats().queue.delayed == 2; }));
  clock.advance(std::chrono::seconds(9));
  queue.add("other");  // wakes a worker that looks at the clock again
  EXPECT_TRUE(waitFor([&] { return runner.stats().error == 4; }));
  clock.advance(std::chrono::seconds(8));
  queue.forget("none");
  queue.add("another");
  EXPECT_TRUE(waitFor([&] { return runner.stats().error == 5; }))
      << "the forbidden key waits half a minute";
}

TEST(Runner, ASuccessMayRequeueItsKey) {
  kube::WorkQueue queue;
  std::atomic<int> calls{0};
  Runner runner("test", queue, [&](const std::string&, const std::stop_token&) {
    return calls++ == 0 ? Outcome::after(Millis(1)) : Outcome::done();
  });
  runner.start();
  queue.add("a");
  EXPECT_TRUE(waitFor([&] { return runner.stats().success == 1; }));
  EXPECT_EQ(runner.stats().requeue, 1U);
}

TEST(Runner, ReportsTheLongestReconcileAndStopsIt) {
  test::FakeClock clock;
  kube::WorkQueue queue({Millis(1), Millis(5)}, clock);
  Runner runner(
      "test", queue,
      [](const std::string&, const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any cv;
        std::unique_lock lock(mutex);
        cv.wait(lock, stop, [] { return false; });
        return Outcome::failed(Status(Code::kCancelled, "stopped"));
      },
      2, clock);
  runner.start();
  queue.add("a");
  queue.add("b");
  EXPECT_TRUE(waitFor([&] { return runner.stats().active == 2; }));
  clock.advance(std::chrono::seconds(42));
  EXPECT_EQ(runner.stats().longest_running, Millis(42'000));
  runner.stop();
  EXPECT_EQ(runner.stats().active, 0);
  EXPECT_EQ(runner.stats().error + runner.stats().terminal + runner.stats().success, 0U);
}

}  // namespace
}  // namespace profiling::controllers
