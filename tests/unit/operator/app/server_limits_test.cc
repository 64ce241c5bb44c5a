#include "operator/app/server_limits.h"

#include <gtest/gtest.h>

namespace profiling::app {
namespace {

constexpr std::uint64_t kMi = 1 << 20;

TEST(ServerLimits, TheWebhooksFollowTheMemoryLimit) {
  const net::ServerLimits chart = webhookLimits(256 * kMi);
  EXPECT_EQ(chart.connections, 585U);
  EXPECT_EQ(chart.connections_per_peer, 438U);
  EXPECT_EQ(chart.bodies_in_memory, 256 * kMi / 6);
  EXPECT_EQ(webhookLimits(std::nullopt).connections, chart.connections);
  EXPECT_EQ(webhookLimits(64ull << 30).connections, 1'024U);
  EXPECT_EQ(webhookLimits(64ull << 30).bodies_in_memory, 256 * kMi);
}

TEST(ServerLimits, EvenTheSmallestHoldTheLargestReview) {
  const net::ServerLimits least = webhookLimits(1);
  EXPECT_EQ(least.connections, 64U);
  EXPECT_GT(least.bodies_in_memory / 2, least.body);
}

TEST(ServerLimits, OnePeerCannotTakeAllOfAnyListener) {
  for (const net::ServerLimits& limits :
       {healthLimits(), webhookLimits(1), webhookLimits(64ull << 30), net::ServerLimits()}) {
    EXPECT_LE(limits.connections_per_peer, limits.connections * 3 / 4);
  }
  EXPECT_LE(healthLimits().idle, std::chrono::seconds(5));
}

}  // namespace
}  // namespace profiling::app
