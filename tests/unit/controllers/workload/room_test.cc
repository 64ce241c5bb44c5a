// Workloads whose namespace has no room for agents: what is known of it, and when it is looked at again.
#include "tests/unit/controllers/workload/cluster.h"

namespace profiling::controllers {
namespace {

// The webhook would leave such pods alone, so their workload is not restarted for an agent.
TEST(WorkloadReconciler, ThePreflightReadsLimitRanges) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.http.put(
      "limitranges",
      {{"metadata", {{"name", "pods"}, {"namespace", "shop"}}},
       {"spec", {{"limits", {{{"type", "Pod"}, {"max", {{"ephemeral-storage", "33Mi"}}}}}}}}});
  c.pod("web-a", "rs-1", Json::parse(R"({"spec":{"containers":[{"name":"app",
      "image":"eclipse-temurin:21","resources":{"limits":{"ephemeral-storage":"32Mi"}}}]}})"));
  c.pass();
  EXPECT_EQ(c.record("/status/preflight/reason"), "NoRoom");
  EXPECT_EQ(c.record("/status/phase"), "Skipped");

  // No event of the workload shows that the LimitRange is gone: it is looked for now and then.
  c.http.remove("limitranges", "shop", "pods");
  c.clock.advance(Millis(75'000));
  c.pass();
  EXPECT_EQ(c.record("/status/preflight/reason"), "Injected");
  EXPECT_EQ(c.pass().requeue_after, std::nullopt);
}

// An answer that is none must not let pods be replaced for room that is not there.
TEST(WorkloadReconciler, AFailedLookForRoomKeepsWhatIsKnown) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.http.put("limitranges", Json::parse(R"({"metadata":{"name":"pods","namespace":"shop"},
      "spec":{"limits":[{"type":"Pod","max":{"ephemeral-storage":"33Mi"}}]}})"));
  c.pod("web-a", "rs-1", Json::parse(R"({"spec":{"containers":[{"name":"app",
      "image":"eclipse-temurin:21","resources":{"limits":{"ephemeral-storage":"32Mi"}}}]}})"));
  c.pass();
  for (const int code : {429, 500, 503}) {
    c.http.intercept([&](const net::Request& request) -> std::optional<net::Response> {
      if (request.target.find("/limitranges") == std::string::npos) return std::nullopt;
      return net::Response{code, "application/json", "{}", {}, {}};
    });
    c.clock.advance(Millis(8'000'000));
    EXPECT_FALSE(c.pass().status.ok());
    EXPECT_EQ(c.record("/status/preflight/reason"), "NoRoom");
  }
  c.http.intercept(nullptr);
  c.http.remove("limitranges", "shop", "pods");
  c.clock.advance(Millis(8'000'000));
  c.pass();
  EXPECT_EQ(c.record("/status/preflight/reason"), "Injected");
}

TEST(WorkloadReconciler, RoomIsLookedForNowAndThen) {
  Cluster c;
  const auto range = Json::parse(R"({"metadata":{"name":"pods","namespace":"shop"},
      "spec":{"limits":[{"type":"Pod","max":{"ephemeral-storage":"33Mi"}}]}})");
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.http.put("limitranges", range);
  c.pod("web-a", "rs-1", Json::parse(R"({"spec":{"containers":[{"name":"app",
      "image":"eclipse-temurin:21","resources":{"limits":{"ephemeral-storage":"32Mi"}}}]}})"));
  int lists = 0;
  c.http.intercept([&](const net::Request& request) -> std::optional<net::Response> {
    lists += request.target.find("/limitranges") == std::string::npos ? 0 : 1;
    return std::nullopt;
  });
  const Millis first = *c.pass().requeue_after;
  EXPECT_GE(first, Millis(45'000));
  EXPECT_LE(first, Millis(75'000));
  const int before = lists;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(c.pass().requeue_after, first);
  EXPECT_EQ(lists, before) << "events of pods do not make it look more often";
  c.clock.advance(first - Millis(20'000));
  EXPECT_EQ(c.pass().requeue_after, Millis(20'000)) << "events do not put the look off";
  c.clock.advance(Millis(20'000));
  const Millis second = *c.pass().requeue_after;
  EXPECT_EQ(lists, before + 1);
  c.clock.advance(second);
  EXPECT_GT(*c.pass().requeue_after, second) << "the waits grow";
  EXPECT_EQ(lists, before + 2);
  EXPECT_EQ(c.record("/status/preflight/reason"), "NoRoom");
}

}  // namespace
}  // namespace profiling::controllers
