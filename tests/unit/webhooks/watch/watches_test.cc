// The webhook's watches against an API server that streams its lists.
#include "webhooks/watch/watches.h"

#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/base/mutex.h"
#include "tests/support/fake_http.h"
#include "tests/support/posted.h"
#include "tests/support/wait_for.h"

namespace profiling::webhooks {
namespace {

using nlohmann::json;
using test::FakeHttp;

constexpr const char* kEndOfList =
    R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}})"
    "\n";

json policy() {
  return {{"metadata", {{"name", "shop"}, {"namespace", "shop"}, {"resourceVersion", "1"}}},
          {"spec", {{"endpoint", {{"url", "http://pyroscope:4040"}}}, {"languages", {"Java"}}}}};
}

inject::Settings settingsWithAgents() {
  inject::Settings settings;
  settings.agents.fill({"registry/agent:1", "1"});
  return settings;
}

struct WatchesTest : ::testing::Test {
  WatchesTest() {
    http.onSend([](const net::Request&) { return FakeHttp::json(503, ""); });
    http.onStream([this](const net::Request& request, const net::ByteSink& sink,
                         const std::stop_token& stop) -> Result<net::Response> {
      for (const auto& [path, objects] : lists) {
        if (request.target.find("/" + path + "?") == std::string::npos) continue;
        if (!test::waitFor([&] { return stop.stop_requested() || !held(path); })) break;
        for (const json& object : objects) {
          const json event = {{"type", "ADDED"}, {"object", object}};
          if (Status status = sink(event.dump() + "\n"); !status.ok()) return status;
        }
        if (Status status = sink(kEndOfList); !status.ok()) return status;
      }
      return FakeHttp::blockUntil(stop);
    });
  }
  void TearDown() override { watches.stop(); }

  bool held(const std::string& path) {
    const MutexLock lock(mutex);
    return held_back.contains(path);
  }
  void hold(const std::string& path) {
    const MutexLock lock(mutex);
    held_back.insert(path);
  }
  void release(const std::string& path) {
    const MutexLock lock(mutex);
    held_back.erase(path);
  }
  bool synced() {
    return test::waitFor([this] { return !watches.unsynced(); });
  }
  bool injects() {
    const json review = json::parse(R"({"apiVersion":"admission.k8s.io/v1",
      "kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},
      "resource":{"group":"","version":"v1","resource":"pods"},"namespace":"shop",
      "operation":"CREATE","object":{"metadata":{"annotations":{"profiling.dev/inject":"true"}},
      "spec":{"containers":[{"name":"app","image":"x"}]}}}})");
    const test::Posted posted(review.dump());
    // A refusal is written into the annotation as well, but with a warning.
    const std::string body = mutator.handle(posted.request()).body;
    return body.find("patchType") != std::string::npos &&
           body.find("warnings") == std::string::npos;
  }

  Mutex mutex;
  std::set<std::string> held_back PROFILING_GUARDED_BY(mutex);
  std::map<std::string, std::vector<json>> lists{{"profilingpolicies", {policy()}},
                                                 {"profilingservers", {}},
                                                 {"namespaces", {}},
                                                 {"clusterprofilingpolicies", {}},
                                                 {"workloadprofiles", {}},
                                                 {"controllerrevisions", {}},
                                                 {"limitranges", {}},
                                                 {"resourcequotas", {}},
                                                 {"nodes", {}},
                                                 {"pods", {}},
                                                 {"events", {}}};
  FakeHttp http;
  inject::Settings settings = settingsWithAgents();
  RolloutTable rollouts{"a", 1};
  ClusterTable cluster;
  Breakers breakers;
  PodMutator mutator{settings, {}, &rollouts, &cluster};
  Watches watches{http,    {settings.agents, "profiling-system"}, mutator, rollouts, cluster,
                  breakers};
};

TEST_F(WatchesTest, NoRequestIsMadeBeforeTheStart) {
  EXPECT_EQ(watches.unsynced(), "policies are not listed yet");
  EXPECT_TRUE(http.calls().empty());
  EXPECT_EQ(watches.reflectors().size(), lists.size());
}

TEST_F(WatchesTest, UnsyncedNamesTheKindThatIsNotListed) {
  const std::pair<const char*, const char*> kinds[] = {{"limitranges", "limit ranges"},
                                                       {"workloadprofiles", "records"},
                                                       {"pods", "profiled pods"},
                                                       {"resourcequotas", "resource quotas"},
                                                       {"nodes", "nodes"}};
  for (const auto& [path, name] : kinds) hold(path);
  watches.start();
  for (const auto& [path, name] : kinds) {
    const std::string expected = std::string(name) + " are not listed yet";
    EXPECT_TRUE(test::waitFor([&] { return watches.unsynced() == expected; })) << expected;
    release(path);
  }
  EXPECT_TRUE(synced());
}

TEST_F(WatchesTest, NothingWaitsForTheListOfEvents) {
  hold("events");
  watches.start();
  EXPECT_TRUE(synced());
  EXPECT_TRUE(injects());
}

TEST_F(WatchesTest, TheSnapshotWaitsForEveryKindThatItNeeds) {
  lists["limitranges"] = {{{"metadata", {{"name", "l"}, {"namespace", "shop"}}}}};
  hold("limitranges");
  watches.start();
  EXPECT_TRUE(
      test::waitFor([this] { return watches.unsynced() == "limit ranges are not listed yet"; }));
  EXPECT_FALSE(injects());
  release("limitranges");
  EXPECT_TRUE(test::waitFor([this] { return injects(); }));
}

TEST_F(WatchesTest, APodThatMayStartOnANodeWithoutAnImageIsLeftAlone) {
  lists["nodes"] = {
      {{"metadata",
        {{"name", "n"},
         {"labels", {{"kubernetes.io/os", "linux"}, {"kubernetes.io/arch", "arm64"}}}}}}};
  watches.start();
  ASSERT_TRUE(synced());
  EXPECT_FALSE(injects());
  bool only_metadata = false;
  for (const FakeHttp::Call& call : http.calls()) {
    if (call.request.target.find("/nodes?") == std::string::npos) continue;
    only_metadata = call.request.accept.find("as=PartialObjectMetadata;") != std::string::npos;
  }
  EXPECT_TRUE(only_metadata) << "nodes are large";
}

TEST_F(WatchesTest, NodesAreNotAskedForWhereTheyAreNotWatched) {
  Watches without{http,    {settings.agents, "profiling-system", false}, mutator, rollouts, cluster,
                  breakers};
  EXPECT_EQ(without.reflectors().size(), lists.size() - 1);
}

TEST_F(WatchesTest, QuotasReachTheTable) {
  lists["resourcequotas"] = {{{"metadata", {{"name", "team"}, {"namespace", "shop"}}},
                              {"status",
                               {{"hard", {{"limits.cpu", "4"}, {"requests.memory", "1Gi"}}},
                                {"used", {{"limits.cpu", "1500m"}}}}}}};
  watches.start();
  ASSERT_TRUE(synced());
  const auto quotas = cluster.quotas("shop");
  ASSERT_NE(quotas, nullptr);
  EXPECT_EQ(quotas->front().limits[inject::ResourceKind::kCpu]->left(), 2.5);
  EXPECT_FALSE(quotas->front().limits[inject::ResourceKind::kMemory]);
}

TEST_F(WatchesTest, ValidationFindsTheServersAndTheLabelsOfNamespaces) {
  lists["profilingservers"] = {
      {{"metadata", {{"name", "pyroscope"}, {"namespace", "shop"}}}, {"spec", json::object()}}};
  lists["namespaces"] = {{{"metadata", {{"name", "shop"}, {"labels", {{"team", "a"}}}}}}};
  watches.start();
  ASSERT_TRUE(synced());
  const KnownObjects known = watches.known();
  EXPECT_NE(known.server("shop/pyroscope"), nullptr);
  EXPECT_EQ(known.server("shop/other"), nullptr);
  EXPECT_EQ(known.namespace_labels("shop").at("team"), "a");
  EXPECT_TRUE(known.namespace_labels("other").empty());
}

}  // namespace
}  // namespace profiling::webhooks
