#include "operator/kube/throttle.h"

#include <gtest/gtest.h>

#include "operator/kube/client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_http.h"

namespace profiling::kube {
namespace {

using namespace std::chrono_literals;
using test::FakeHttp;

TEST(Throttle, BurstsPassThenRequestsFollowTheRate) {
  SteadyTime now{1h};
  Throttle throttle({10, 3}, now);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(throttle.reserve(now), 0ms);
  EXPECT_EQ(throttle.reserve(now), 100ms);
  EXPECT_EQ(throttle.reserve(now), 200ms);
  now += 1h;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(throttle.reserve(now), 0ms) << "never more than the burst";
  EXPECT_EQ(throttle.reserve(now), 100ms);
  throttle.giveBack();
  EXPECT_EQ(throttle.reserve(now), 100ms);
}

TEST(Throttle, APauseHoldsEveryRequestAndIsNeverShortened) {
  const SteadyTime now{1h};
  Throttle throttle({}, now);
  throttle.pause(5s, now);
  throttle.pause(2s, now);
  EXPECT_EQ(throttle.reserve(now), 5s);
  EXPECT_EQ(throttle.reserve(now + 5s), 0ms);
  throttle.pause(0ms, now + 6s);
  EXPECT_EQ(throttle.reserve(now + 6s), 1s) << "no time was named";
  throttle.pause(24h, now + 10s);
  EXPECT_EQ(throttle.reserve(now + 10s), 60s) << "bounded, whatever is asked";
}

struct ThrottledClientTest : ::testing::Test {
  FakeHttp http;
  test::FakeClock clock;
  ThrottledClient client{http, {}, clock};
  net::Response next = FakeHttp::json(200, "{}");

  void SetUp() override {
    http.onSend([this](const net::Request&) { return next; });
  }
  Status send(Millis deadline = 1s) {
    const auto answer = client.send({}, deadline, {});
    return answer.ok() ? statusOf(*answer) : answer.status();
  }
};

TEST_F(ThrottledClientTest, ARefusalPausesAllRequestsUntilItsTimeHasPassed) {
  next = FakeHttp::json(429, "");
  next.retry_after = "7";
  EXPECT_EQ(send().code(), Code::kRateLimited);
  next = FakeHttp::json(200, "{}");
  const Status held = send();
  EXPECT_EQ(held.code(), Code::kRateLimited);
  EXPECT_EQ(held.retryAfter(), 7s);
  EXPECT_EQ(http.calls().size(), 1u) << "nothing was sent";
  clock.advance(7s);
  EXPECT_TRUE(send().ok());
}

TEST_F(ThrottledClientTest, OverloadPausesOnlyWithRetryAfter) {
  next = FakeHttp::json(503, "");
  EXPECT_FALSE(send().ok());
  next.retry_after = "3";
  EXPECT_FALSE(send().ok());
  EXPECT_EQ(send().retryAfter(), 3s);
  EXPECT_EQ(http.calls().size(), 2u);
}

TEST_F(ThrottledClientTest, AStopEndsTheWait) {
  next = FakeHttp::json(429, "");
  next.retry_after = "30";
  EXPECT_FALSE(send().ok());
  std::stop_source stop;
  stop.request_stop();
  const auto answer = client.send({}, 10min, stop.get_token());
  EXPECT_EQ(answer.status().code(), Code::kCancelled);
}

}  // namespace
}  // namespace profiling::kube
