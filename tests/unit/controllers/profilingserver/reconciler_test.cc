#include "controllers/profilingserver/reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/runtime/decoders.h"
#include "operator/api/v1alpha1/codec.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/controllers/builders.h"
#include "tests/unit/controllers/fake_api.h"

namespace profiling::controllers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::json;

const std::string kStatusPath =
    "/apis/profiling.dev/v1alpha1/namespaces/profiling/profilingservers/pyroscope/status";
const std::string kServicePath = "/api/v1/namespaces/profiling/services/pyroscope";

// A fake API and stores that are filled from it by hand, as reflectors would.
struct Cluster {
  test::FakeApi http;
  kube::Client client{http};
  test::FakeClock clock;
  kube::Store<api::ProfilingServer> servers;
  kube::Store<OwnedRecord> config_maps, services, stateful_sets;
  kube::Store<ServerPodRecord> pods;
  ServerReconciler reconciler{client, {servers, config_maps, services, stateful_sets, pods}, clock};
  std::stop_source stop;

  explicit Cluster(const api::ProfilingServer& server = test::s3Server()) {
    http.put("profilingservers", api::toJson(server));
    sync();
  }
  void sync() {
    if (const auto stored = http.get("profilingservers", "profiling", "pyroscope")) {
      const auto server = api::serverFromJson(*stored);
      ASSERT_TRUE(server.ok()) << server.status().toString();
      servers.publish(
          {{"profiling/pyroscope", std::make_shared<const api::ProfilingServer>(*server)}});
    }
    fill(config_maps, "configmaps", {"pyroscope-config"});
    fill(services, "services", {"pyroscope", "pyroscope-headless"});
    fill(stateful_sets, "statefulsets", {"pyroscope"});
  }
  void fill(kube::Store<OwnedRecord>& store, const char* plural,
            const std::vector<std::string>& names) {
    kube::Store<OwnedRecord>::Map map;
    for (const std::string& name : names) {
      const auto object = http.get(plural, "profiling", name);
      if (!object || !object->at("metadata").contains("labels")) continue;
      map["profiling/" + name] = std::make_shared<const OwnedRecord>(ownedRecord(*object));
    }
    store.publish(std::move(map));
  }
  Outcome reconcile() { return reconciler.reconcile("profiling/pyroscope", stop.get_token()); }
  api::ProfilingServerStatus status() {
    return api::serverFromJson(*http.get("profilingservers", "profiling", "pyroscope"))->status;
  }
};

TEST(ServerReconciler, AppliesAllObjectsAndWritesTheStatusLast) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_THAT(
      c.http.writtenPaths(),
      ElementsAre("/api/v1/namespaces/profiling/configmaps/pyroscope-config", kServicePath,
                  "/api/v1/namespaces/profiling/services/pyroscope-headless",
                  "/apis/apps/v1/namespaces/profiling/statefulsets/pyroscope", kStatusPath));
  for (const auto& write : c.http.writes()) {
    if (write.path == kStatusPath) continue;
    EXPECT_THAT(write.query, HasSubstr("fieldManager=profiling-operator-server"));
    EXPECT_THAT(write.query, HasSubstr("force=false"))
        << "somebody else may have made it a moment ago";
  }
  EXPECT_EQ(c.status().observed_generation, 3);
  EXPECT_EQ(c.status().url, "http://pyroscope.profiling.svc:4040");
}

TEST(ServerReconciler, SecondRunWritesNothing) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  c.sync();
  ASSERT_TRUE(c.reconcile().status.ok());  // the status now says that the pod is awaited
  c.sync();
  c.http.clearWrites();
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.http.writes().empty());
}

TEST(ServerReconciler, ALaggingStoreCausesNoSecondWrite) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  c.http.clearWrites();
  Json service = *c.http.get("services", "profiling", "pyroscope");
  service["spec"]["ports"][0]["port"] = 1;
  c.services.publish(
      {{"profiling/pyroscope", std::make_shared<const OwnedRecord>(ownedRecord(service))}});
  ASSERT_TRUE(c.reconcile().status.ok());
  const auto first = c.http.writes().size();
  const Outcome second = c.reconcile();
  ASSERT_TRUE(second.status.ok());
  EXPECT_EQ(c.http.writes().size(), first);
  EXPECT_EQ(second.requeue_after, Millis(1000));
}

TEST(ServerReconciler, CorrectsDrift) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  Json service = *c.http.get("services", "profiling", "pyroscope");
  service["spec"]["ports"][0]["port"] = 4041;
  c.http.put("services", service);
  c.sync();
  c.http.clearWrites();
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_THAT(c.http.writes().front().query, HasSubstr("force=true"));
  EXPECT_EQ(
      c.http.get("services", "profiling", "pyroscope")->at("spec").at("ports").at(0).at("port"),
      4040);
}

TEST(ServerReconciler, ReplacesAListThatApplyCannotMerge) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  Json service = *c.http.get("services", "profiling", "pyroscope");
  service["spec"]["ports"][0]["port"] = 4041;
  c.http.put("services", service);
  c.sync();
  c.http.intercept([](const net::Request& r) -> std::optional<net::Response> {
    if (r.content_type.find("apply-patch") == std::string::npos) return std::nullopt;
    return test::FakeHttp::json(422, R"({"kind":"Status","status":"Failure","reason":"Invalid",
      "message":"spec.ports[1].name: Duplicate value: http","code":422})");
  });
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_EQ(
      c.http.get("services", "profiling", "pyroscope")->at("spec").at("ports").at(0).at("port"),
      4040);
}

TEST(ServerReconciler, NeverTouchesAForeignObjectThatNoWatchShows) {
  Cluster c;
  c.http.put("services", {{"apiVersion", "v1"},
                          {"kind", "Service"},
                          {"metadata", {{"name", "pyroscope"}, {"namespace", "profiling"}}},
                          {"spec", {{"theirs", true}}}});
  const Outcome outcome = c.reconcile();
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.requeue_after, Millis(30'000));
  EXPECT_THAT(c.http.writtenPaths(), ElementsAre(kStatusPath));
  const api::ProfilingServerStatus status = c.status();
  EXPECT_EQ(api::findCondition(status.conditions, "Ready")->reason, "Conflict");
}

TEST(ServerReconciler, NothingIsCreatedForADeletedServerThatTheStoreStillShows) {
  Cluster c;
  c.http.remove("profilingservers", "profiling", "pyroscope");
  EXPECT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.http.writes().empty()) << "it was deleted";
  api::ProfilingServer another = test::s3Server();
  another.metadata.uid = "of-another-life";
  c.http.put("profilingservers", api::toJson(another));
  EXPECT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.http.writes().empty()) << "it was made again, and the store will say so";
  c.sync();
  EXPECT_TRUE(c.reconcile().status.ok());
  EXPECT_FALSE(c.http.writes().empty());
}

TEST(ServerReconciler, ARefusedObjectIsReportedInTheStatus) {
  Cluster c;
  c.http.intercept([](const net::Request& r) -> std::optional<net::Response> {
    if (r.target.find("/statefulsets/") == std::string::npos || r.method == net::Method::kGet) {
      return std::nullopt;
    }
    return test::FakeHttp::json(403, R"({"kind":"Status","status":"Failure","reason":"Forbidden",
      "message":"exceeded quota: storage","code":403})");
  });
  EXPECT_EQ(c.reconcile().status.code(), Code::kPermissionDenied);
  const api::ProfilingServerStatus status = c.status();
  const api::Condition* ready = api::findCondition(status.conditions, "Ready");
  ASSERT_NE(ready, nullptr);
  EXPECT_EQ(ready->reason, "ApplyRejected");
  EXPECT_THAT(ready->message, HasSubstr("exceeded quota"));
}

TEST(ServerReconciler, AnUnavailableApiServerChangesNoCondition) {
  Cluster c;
  c.http.intercept([](const net::Request& r) -> std::optional<net::Response> {
    if (r.method == net::Method::kGet) return std::nullopt;
    return test::FakeHttp::json(503, "{}");
  });
  EXPECT_EQ(c.reconcile().status.code(), Code::kUnavailable);
  EXPECT_TRUE(c.status().conditions.empty());
}

TEST(ServerReconciler, ADeletedOrTerminatingServerIsLeftToGarbageCollection) {
  Cluster c;
  EXPECT_TRUE(c.reconciler.reconcile("profiling/none", c.stop.get_token()).status.ok());
  api::ProfilingServer going = test::s3Server();
  going.metadata.deleting = true;
  c.servers.publish({{"profiling/pyroscope", std::make_shared<const api::ProfilingServer>(going)}});
  EXPECT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.http.writes().empty());
}

}  // namespace
}  // namespace profiling::controllers
