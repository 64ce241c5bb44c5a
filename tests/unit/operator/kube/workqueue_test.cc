#include "operator/kube/workqueue.h"

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/wait_for.h"

namespace profiling::kube {
namespace {

using namespace std::chrono_literals;

struct WorkQueueTest : ::testing::Test {
  test::FakeClock clock;
  WorkQueue queue{{100ms, 10s}, clock};
  std::stop_source stop;

  // The next key, "" when none is due. Never blocks.
  std::string next() {
    std::stop_source once;
    if (queue.stats().depth == 0) {
      // Let the queue promote what is due without sleeping for what is not.
      queue.add("(probe)");
      std::string found;
      while (true) {
        const auto key = queue.get(once.get_token());
        queue.done(*key);
        if (*key == "(probe)") break;
        found = *key;
      }
      if (!found.empty()) queue.add(found);
    }
    if (queue.stats().depth == 0) return "";
    return *queue.get(once.get_token());
  }
};

TEST_F(WorkQueueTest, KeysComeInOrderAndDuplicatesFold) {
  for (const char* key : {"a", "b", "a", "c", "b"}) queue.add(key);
  EXPECT_EQ(queue.stats().depth, 3u);
  EXPECT_EQ(queue.get(stop.get_token()), "a");
  EXPECT_EQ(queue.get(stop.get_token()), "b");
  EXPECT_EQ(queue.get(stop.get_token()), "c");
  EXPECT_EQ(queue.stats().depth, 0u);
}

TEST_F(WorkQueueTest, LiveKeysOvertakeTheBulkWithoutStarvingIt) {
  for (int i = 0; i < 3; ++i) queue.add("bulk" + std::to_string(i), Lane::kBulk);
  for (int i = 0; i < 20; ++i) queue.add("live" + std::to_string(i));
  std::vector<std::size_t> bulk_at;
  for (std::size_t i = 0; i < 23; ++i) {
    const auto key = queue.get(stop.get_token());
    ASSERT_TRUE(key);
    if (key->starts_with("bulk")) bulk_at.push_back(i);
  }
  EXPECT_EQ(bulk_at, (std::vector<std::size_t>{7, 15, 22}));
  EXPECT_EQ(queue.stats().depth, 0u);
}

TEST_F(WorkQueueTest, AChangedBulkKeyMovesToTheLiveLaneAndRunsOnce) {
  queue.add("a", Lane::kBulk);
  queue.add("b", Lane::kBulk);
  queue.add("b");
  queue.add("b", Lane::kBulk);
  EXPECT_EQ(queue.stats().depth, 2u);
  EXPECT_EQ(queue.get(stop.get_token()), "b");
  queue.done("b");
  queue.add("b", Lane::kBulk);
  EXPECT_EQ(queue.get(stop.get_token()), "a");
  EXPECT_EQ(queue.get(stop.get_token()), "b");
  EXPECT_EQ(queue.stats().depth, 0u);
  EXPECT_EQ(queue.stats().adds, 3u);
}

TEST_F(WorkQueueTest, ReportsHowLongAKeyWasReady) {
  std::vector<std::chrono::nanoseconds> waits;
  queue.onTaken([&](std::chrono::nanoseconds waited) { waits.push_back(waited); });
  queue.add("a");
  clock.advance(3s);
  ASSERT_TRUE(queue.get(stop.get_token()));
  EXPECT_EQ(waits, std::vector<std::chrono::nanoseconds>{3s});
}

TEST_F(WorkQueueTest, AKeyAddedDuringProcessingComesBackOnceAfterDone) {
  queue.add("a");
  EXPECT_EQ(queue.get(stop.get_token()), "a");
  queue.add("a");
  queue.add("a");
  EXPECT_EQ(queue.stats().depth, 0u);
  queue.done("a");
  EXPECT_EQ(queue.stats().depth, 1u);
  EXPECT_EQ(queue.get(stop.get_token()), "a");
  queue.done("a");
  EXPECT_EQ(queue.stats().depth, 0u);
}

TEST_F(WorkQueueTest, DoneWithoutAnAddQueuesNothing) {
  queue.add("a");
  EXPECT_EQ(queue.get(stop.get_token()), "a");
  queue.done("a");
  queue.done("never taken");
  EXPECT_EQ(queue.stats().depth, 0u);
}

TEST_F(WorkQueueTest, ADelayedKeyComesWhenItIsDueAndNotBefore) {
  queue.addAfter("a", 5s);
  EXPECT_EQ(queue.stats().delayed, 1u);
  EXPECT_EQ(next(), "");
  clock.advance(4999ms);
  EXPECT_EQ(next(), "");
  clock.advance(1ms);
  EXPECT_EQ(next(), "a");
  EXPECT_EQ(queue.stats().delayed, 0u);
}

TEST_F(WorkQueueTest, TheEarlierOfTwoDelaysIsKept) {
  queue.addAfter("a", 5s);
  queue.addAfter("a", 9s);
  queue.addAfter("b", 9s);
  queue.addAfter("b", 5s);
  EXPECT_EQ(queue.stats().delayed, 2u);
  clock.advance(5s);
  std::set<std::string> due;
  due.insert(*queue.get(stop.get_token()));
  due.insert(*queue.get(stop.get_token()));
  EXPECT_EQ(due, (std::set<std::string>{"a", "b"}));
  clock.advance(1h);
  queue.done("a");
  queue.done("b");
  EXPECT_EQ(next(), "") << "the later ones are gone";
}

TEST_F(WorkQueueTest, DueKeysComeInOrderOfTheirTime) {
  queue.addAfter("late", 3s);
  queue.addAfter("early", 1s);
  queue.addAfter("middle", 2s);
  clock.advance(10s);
  EXPECT_EQ(queue.get(stop.get_token()), "early");
  EXPECT_EQ(queue.get(stop.get_token()), "middle");
  EXPECT_EQ(queue.get(stop.get_token()), "late");
}

TEST_F(WorkQueueTest, AZeroDelayIsAnAdd) {
  queue.addAfter("a", 0ms);
  queue.addAfter("b", -5s);
  EXPECT_EQ(queue.stats().depth, 2u);
  EXPECT_EQ(queue.stats().delayed, 0u);
}

TEST_F(WorkQueueTest, AKeyDueDuringProcessingWaitsForDone) {
  queue.add("a");
  EXPECT_EQ(queue.get(stop.get_token()), "a");
  queue.addAfter("a", 1s);
  clock.advance(2s);
  EXPECT_EQ(next(), "");
  queue.done("a");
  EXPECT_EQ(next(), "a");
}

TEST_F(WorkQueueTest, FailuresBackOffByKeyAndForgetStartsOver) {
  const auto untilDue = [&](const std::string& key) {
    std::chrono::milliseconds waited{0};
    while (next() != key) {
      clock.advance(10ms);
      waited += 10ms;
      if (waited > 1min) break;
    }
    queue.done(key);
    return waited;
  };
  std::chrono::milliseconds longest{0};
  for (int i = 0; i < 40; ++i) {
    queue.addRateLimited("bad");
    const auto waited = untilDue("bad");
    EXPECT_GE(waited, 50ms);
    EXPECT_LE(waited, 10s + 10ms);
    longest = std::max(longest, waited);
  }
  EXPECT_GT(longest, 3s);
  queue.addRateLimited("other");
  EXPECT_LE(untilDue("other"), 110ms) << "one bad key does not slow down another";
  queue.forget("bad");
  queue.addRateLimited("bad");
  EXPECT_LE(untilDue("bad"), 110ms);
}

TEST_F(WorkQueueTest, StopWakesEveryWorkerEvenIfKeysAreLeft) {
  WorkQueue real;
  real.addAfter("far", 1h);
  std::atomic<int> ended{0};
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      EXPECT_EQ(real.get(stop.get_token()), std::nullopt);
      ++ended;
    });
  }
  stop.request_stop();
  EXPECT_TRUE(test::waitFor([&] { return ended == 4; }));
  real.add("left");
  EXPECT_EQ(real.get(stop.get_token()), std::nullopt);
}

TEST_F(WorkQueueTest, ASleepingWorkerWakesForAnAddAndForAnEarlierDelay) {
  WorkQueue real;
  real.addAfter("far", 1h);
  std::mutex mutex;
  std::vector<std::string> taken;
  std::jthread worker([&] {
    while (const auto key = real.get(stop.get_token())) {
      {
        const std::scoped_lock lock(mutex);
        taken.push_back(*key);
      }
      real.done(*key);
    }
  });
  const auto count = [&] {
    const std::scoped_lock lock(mutex);
    return taken.size();
  };
  real.add("now");
  EXPECT_TRUE(test::waitFor([&] { return count() == 1; }));
  real.addAfter("soon", 20ms);
  EXPECT_TRUE(test::waitFor([&] { return count() == 2; }));
  EXPECT_EQ(taken, (std::vector<std::string>{"now", "soon"}));
  EXPECT_EQ(real.stats().delayed, 1u);
  stop.request_stop();
}

// Many producers and workers: a key is never on two workers, and the last add of each key is
// followed by a run that began after it.
TEST_F(WorkQueueTest, AKeyIsNeverOnTwoWorkersAndNoAddIsLost) {
  constexpr int kKeys = 7, kWorkers = 4, kProducers = 3, kAdds = 2'000;
  WorkQueue real({1ms, 4ms});
  std::array<std::atomic<int>, kKeys> running{};
  std::array<std::atomic<int>, kKeys> added{}, handled{};
  std::atomic<bool> overlap{false};
  std::vector<std::jthread> workers;
  for (int w = 0; w < kWorkers; ++w) {
    workers.emplace_back([&, w] {
      int n = w;
      while (const auto key = real.get(stop.get_token())) {
        const auto k = static_cast<std::size_t>(std::stoi(*key));
        if (running.at(k).fetch_add(1) != 0) overlap = true;
        handled.at(k) = added.at(k).load();
        std::this_thread::yield();
        running.at(k).fetch_sub(1);
        if (++n % 5 == 0) {
          real.addRateLimited(*key);
        } else {
          real.forget(*key);
        }
        real.done(*key);
      }
    });
  }
  {
    std::vector<std::jthread> producers;
    for (int p = 0; p < kProducers; ++p) {
      producers.emplace_back([&, p] {
        for (int i = 0; i < kAdds; ++i) {
          const auto k = static_cast<std::size_t>((i * 5 + p) % kKeys);
          ++added.at(k);
          if (i % 3 == 0) {
            real.addAfter(std::to_string(k), 1ms);
          } else {
            real.add(std::to_string(k));
          }
        }
      });
    }
  }
  EXPECT_TRUE(test::waitFor([&] {
    for (std::size_t k = 0; k < kKeys; ++k) {
      if (handled.at(k) != added.at(k)) return false;
    }
    return true;
  }));
  EXPECT_FALSE(overlap);
  stop.request_stop();
}

}  // namespace
}  // namespace profiling::kube
