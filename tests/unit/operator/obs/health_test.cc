#include "operator/obs/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::obs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Health, NamesTheFailingCheck) {
  bool synced = false;
  Health health;
  health.started();
  health.addReadiness("certificate", [] { return std::optional<std::string>(); });
  health.addReadiness("stores", [&]() -> std::optional<std::string> {
    if (synced) return std::nullopt;
    return "policies not synced";
  });

  auto answer = health.readyz(false);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "[-]stores: policies not synced\nnot ok\n");

  synced = true;
  answer = health.readyz(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("[+]certificate ok\n[+]stores ok\n"));
}

TEST(Health, AProcessThatHasNotStartedIsAliveButNotReady) {
  Health health;
  EXPECT_EQ(health.livez(false).status, 200);
  const auto answer = health.readyz(false);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("waits for the API server"));
  health.started();
  EXPECT_EQ(health.readyz(false).status, 200);
}

TEST(Health, LivenessDoesNotDependOnReadiness) {
  Health health;
  health.started();
  health.addReadiness("stores", []() -> std::optional<std::string> { return "not synced"; });
  EXPECT_EQ(health.livez(false).status, 200);
}

TEST(Health, RoutesAnswerByPath) {
  Health health;
  health.started();
  Metrics metrics;
  metrics.counter("things_total", "Things.").Increment(3);
  for (const auto& route : healthRoutes(health, metrics)) {
    net::ServerRequest request;
    request.query = "verbose";
    const auto answer = route.handler(request);
    EXPECT_EQ(answer.status, 200) << route.path;
    EXPECT_THAT(answer.body, route.path == "/metrics"
                                 ? ::testing::Matcher<std::string>(HasSubstr("things_total 3"))
                                 : Not(HasSubstr("things_total")));
  }
}

}  // namespace
}  // namespace profiling::obs
