#include "operator/kube/fence.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/fake_http.h"

namespace profiling::kube {
namespace {

using namespace std::chrono_literals;
using test::FakeHttp;

struct FixedFence : Fence {
  std::optional<SteadyTime> until;
  std::optional<SteadyTime> heldUntil() const override { return until; }
};

struct FenceTest : ::testing::Test {
  FakeHttp http;
  FixedFence fence;
  test::FakeClock clock;
  FencedClient client{http, fence, clock};

  void SetUp() override {
    http.onSend([](const net::Request&) { return FakeHttp::json(200, "{}"); });
  }
  Status send(net::Method method, const std::stop_token& stop = {}) {
    net::Request request;
    request.method = method;
    request.target = "/x";
    return client.send(request, 30s, stop).status();
  }
};

TEST_F(FenceTest, FollowersReadButDoNotWrite) {
  EXPECT_TRUE(send(net::Method::kGet).ok());
  for (const auto method :
       {net::Method::kPost, net::Method::kPut, net::Method::kPatch, net::Method::kDelete}) {
    EXPECT_EQ(send(method).code(), Code::kCancelled);
  }
  EXPECT_EQ(http.calls().size(), 1u);
}

TEST_F(FenceTest, WritesEndBeforeLeadership) {
  fence.until = clock.steady() + 3s;
  EXPECT_TRUE(send(net::Method::kPatch).ok());
  EXPECT_EQ(http.calls().back().limits.total, 3s);
  fence.until = clock.steady() + 1h;
  EXPECT_TRUE(send(net::Method::kPatch).ok());
  EXPECT_EQ(http.calls().back().limits.total, 10s);
}

TEST_F(FenceTest, AHolderFrozenPastItsDeadlineWritesNothing) {
  fence.until = clock.steady() + 20s;
  clock.advance(60s);
  EXPECT_EQ(send(net::Method::kPatch).code(), Code::kCancelled);
  EXPECT_TRUE(http.calls().empty());
}

TEST_F(FenceTest, StopRefusesNewWritesAndAbortsNone) {
  fence.until = clock.steady() + 20s;
  std::stop_source stop;
  http.onSend([&](const net::Request&) {
    stop.request_stop();  // while the write is under way
    return FakeHttp::json(200, "{}");
  });
  EXPECT_TRUE(send(net::Method::kPatch, stop.get_token()).ok());
  EXPECT_EQ(send(net::Method::kPatch, stop.get_token()).code(), Code::kCancelled);
  EXPECT_EQ(http.calls().size(), 1u);
}

}  // namespace
}  // namespace profiling::kube
