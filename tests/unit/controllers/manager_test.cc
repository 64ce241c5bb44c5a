// All controllers together on a fake API that lists and watches: events lead to the right keys.
#include "controllers/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/api/v1alpha1/codec.h"
#include "tests/support/wait_for.h"
#include "tests/unit/controllers/builders.h"
#include "tests/unit/controllers/fake_api.h"

namespace profiling::controllers {
namespace {

using Json = nlohmann::json;
using test::waitFor;

struct Cluster {
  test::FakeApi http;
  std::unique_ptr<Manager> manager;

  Cluster() {
    http.put("namespaces", {{"metadata", {{"name", "shop"}, {"labels", {{"team", "shop"}}}}}});
    http.put("mutatingwebhookconfigurations",
             {{"metadata", {{"name", "hook"}}},
              {"webhooks", {{{"name", "pods.profiling.dev"}, {"clientConfig", Json::object()}}}}});
    Settings settings;
    settings.inject.operator_namespace = "profiling-system";
    settings.inject.native_sidecars = true;
    settings.certificates = {"profiling-system", "webhook", "hook", "tls", "ca", {}};
    settings.inject.agents = {{{"java:1", "1"}, {"python:1", "1"}, {"node:1", "1"}}};
    settings.timing.backoff = {Millis(5), Millis(50)};
    settings.timing.confirm_after = Millis(5);
    manager = std::make_unique<Manager>(http, http, settings);
  }
  void start() {
    manager->startWatches();
    manager->startWorkers();
    ASSERT_TRUE(waitFor([&] { return manager->synced(); })) << manager->unsynced().front();
  }
  Json at(const char* plural, const char* ns, const char* name, const char* pointer) {
    const auto object = http.get(plural, ns, name);
    const Json::json_pointer p{std::string(pointer)};
    return object && object->contains(p) ? object->at(p) : Json();
  }
  std::string condition(const char* plural, const char* ns, const char* name, const char* type) {
    const Json all = at(plural, ns, name, "/status/conditions");
    if (!all.is_array()) return "";
    for (const Json& c : all) {
      if (c.at("type") == type)
        return c.at("status").get<std::string>() + " " + c.at("reason").get<std::string>();
    }
    return "";
  }
  std::string ready(const char* plural, const char* ns, const char* name) {
    return condition(plural, ns, name, "Ready");
  }
  // What the StatefulSet controller and kubelet would do.
  RunnerStats runner(std::string_view controller) const {
    for (const ControllerStats& stats : manager->stats()) {
      if (stats.name == controller) return stats.runner;
    }
    ADD_FAILURE() << "no controller is named " << controller;
    return {};
  }
  void startPod(const char* waiting_reason = nullptr, const char* message = "") {
    Json set = *http.get("statefulsets", "profiling", "pyroscope");
    set["metadata"]["generation"] = 1;
    set["status"] = {{"observedGeneration", 1},
                     {"readyReplicas", waiting_reason == nullptr ? 1 : 0},
                     {"currentRevision", "r"},
                     {"updateRevision", "r"}};
    http.put("statefulsets", set);
    Json state = waiting_reason == nullptr
                     ? Json{{"running", Json::object()}}
                     : Json{{"waiting", {{"reason", waiting_reason}, {"message", message}}}};
    http.put("pods",
             {{"metadata",
               {{"name", "pyroscope-0"},
                {"namespace", "profiling"},
                {"labels", {{"app.kubernetes.io/managed-by", "profiling-operator"}}},
                {"ownerReferences", {{{"uid", set["metadata"]["uid"]}, {"controller", true}}}}}},
              {"status",
               {{"phase", "Running"},
                {"conditions",
                 {{{"type", "Ready"}, {"status", waiting_reason == nullptr ? "True" : "False"}}}},
                {"containerStatuses", {{{"restartCount", 0}, {"state", state}}}}}}});
  }
  void profiledPod(const char* name, const char* decision = R"({"policy":"shop"})") {
    http.put("pods",
             {{"metadata",
               {{"name", name},
                {"namespace", "shop"},
                {"labels", {{"profiling.dev/profiled", "abc"}}},
                {"annotations",
                 {{"profiling.dev/inject", "true"}, {"profiling.dev/decision", decision}}}}},
              {"status", {{"phase", "Running"}}}});
  }
};

api::ProfilingServer grantingServer() {
  api::ProfilingServer server = test::s3Server();
  server.spec.allowed_namespaces.from = api::AllowFrom::kSelector;
  server.spec.allowed_namespaces.selector.match_labels = {{"team", "shop"}};
  return server;
}

TEST(Manager, AServerAndItsPolicyBecomeReady) {
  Cluster c;
  c.http.put("profilingpolicies", api::toJson(test::policy()));
  c.start();
  EXPECT_TRUE(waitFor(
      [&] { return c.ready("profilingpolicies", "shop", "shop") == "False ServerNotFound"; }));
  c.http.put("profilingservers", api::toJson(grantingServer()));
  EXPECT_TRUE(
      waitFor([&] { return c.http.get("statefulsets", "profiling", "pyroscope").has_value(); }));
  c.startPod("CreateContainerConfigError", "secret \"s3-credentials\" not found");
  EXPECT_TRUE(waitFor([&] {
    return c.condition("profilingservers", "profiling", "pyroscope", "StorageConfigured") ==
           "False SecretNotFound";
  }));
  EXPECT_TRUE(waitFor(
      [&] { return c.ready("profilingpolicies", "shop", "shop") == "False ServerNotReady"; }));
  c.startPod();
  EXPECT_TRUE(waitFor(
      [&] { return c.ready("profilingservers", "profiling", "pyroscope") == "True ServerReady"; }));
  EXPECT_TRUE(
      waitFor([&] { return c.ready("profilingpolicies", "shop", "shop") == "True Active"; }));
}

TEST(Manager, NamespaceLabelsAndPodsReachThePolicy) {
  Cluster c;
  c.http.put("profilingpolicies", api::toJson(test::policy()));
  c.http.put("profilingservers", api::toJson(grantingServer()));
  c.start();
  EXPECT_TRUE(waitFor(
      [&] { return c.ready("profilingpolicies", "shop", "shop") == "False ServerNotReady"; }));
  c.profiledPod("a");
  c.profiledPod("b");
  EXPECT_TRUE(waitFor(
      [&] { return c.at("profilingpolicies", "shop", "shop", "/status/pods/profiled") == 2; }));
  c.http.remove("pods", "shop", "a");
  EXPECT_TRUE(waitFor(
      [&] { return c.at("profilingpolicies", "shop", "shop", "/status/pods/profiled") == 1; }));
  c.http.put("namespaces", {{"metadata", {{"name", "shop"}}}});
  EXPECT_TRUE(waitFor(
      [&] { return c.ready("profilingpolicies", "shop", "shop") == "False ServerNotGranted"; }));
}

TEST(Manager, ServersNamespacesAndPodsReachTheClusterPolicy) {
  Cluster c;
  c.http.put("clusterprofilingpolicies", api::toJson(test::clusterPolicy()));
  c.start();
  const auto ready = [&] { return c.ready("clusterprofilingpolicies", "", "all"); };
  EXPECT_TRUE(waitFor([&] { return ready() == "False ServerNotFound"; }));
  c.http.put("profilingservers", api::toJson(grantingServer()));
  EXPECT_TRUE(waitFor([&] { return ready() == "False ServerNotReady"; }));
  c.http.put("namespaces", {{"metadata", {{"name", "shop"}}}});
  EXPECT_TRUE(waitFor([&] { return ready() == "False ServerNotGranted"; }));
  c.profiledPod("a", R"({"policy":"all","policyKind":"ClusterProfilingPolicy"})");
  EXPECT_TRUE(waitFor(
      [&] { return c.at("clusterprofilingpolicies", "", "all", "/status/pods/profiled") == 1; }));
}

TEST(Manager, PodsAndPoliciesReachTheRecordOfTheirWorkload) {
  Cluster c;
  c.http.put("profilingpolicies", api::toJson(test::policy()));
  c.http.put("profilingservers", api::toJson(grantingServer()));
  c.http.put("statefulsets", {{"metadata", {{"name", "db"}, {"namespace", "shop"}}}});
  c.start();
  const auto pod = [&](const char* name, const char* inject) {
    c.http.put("pods", {{"metadata",
                         {{"name", name},
                          {"namespace", "shop"},
                          {"labels", {{"controller-revision-hash", "h1"}}},
                          {"annotations", {{"profiling.dev/inject", inject}}},
                          {"ownerReferences",
                           {{{"apiVersion", "apps/v1"},
                             {"kind", "StatefulSet"},
                             {"name", "db"},
                             {"uid", "db-1"},
                             {"controller", true}}}}}},
                        {"spec", {{"containers", {{{"name", "app"}, {"image", "python:3.12"}}}}}},
                        {"status", {{"phase", "Running"}}}});
  };
  const auto missed = [&] {
    return c.at("workloadprofiles", "shop", "statefulset-db", "/status/pods/missed");
  };
  pod("db-0", "true");
  EXPECT_TRUE(waitFor([&] { return missed() == 1; }));
  pod("db-1", "true");
  EXPECT_TRUE(waitFor([&] { return missed() == 2; }));
  EXPECT_TRUE(waitFor(
      [&] { return c.at("profilingpolicies", "shop", "shop", "/status/pods/missed") == 2; }));
  c.http.remove("profilingpolicies", "shop", "shop");
  EXPECT_TRUE(waitFor(
      [&] { return !c.http.get("workloadprofiles", "shop", "statefulset-db").has_value(); }));
}

TEST(Manager, DriftAndDeletionOfOwnedObjectsAreReverted) {
  Cluster c;
  c.http.put("profilingservers", api::toJson(grantingServer()));
  c.start();
  EXPECT_TRUE(
      waitFor([&] { return c.http.get("statefulsets", "profiling", "pyroscope").has_value(); }));
  c.http.remove("configmaps", "profiling", "pyroscope-config");
  EXPECT_TRUE(waitFor(
      [&] { return c.http.get("configmaps", "profiling", "pyroscope-config").has_value(); }));
  Json service = *c.http.get("services", "profiling", "pyroscope");
  service["spec"]["ports"][0]["port"] = 4041;
  c.http.put("services", service);
  EXPECT_TRUE(waitFor(
      [&] { return c.at("services", "profiling", "pyroscope", "/spec/ports/0/port") == 4040; }));
}

TEST(Manager, CertificatesAreIssuedAndAnOverwrittenBundleIsRestored) {
  Cluster c;
  c.start();
  const auto bundle = [&] {
    const Json b =
        c.at("mutatingwebhookconfigurations", "", "hook", "/webhooks/0/clientConfig/caBundle");
    return b.is_string() ? b.get<std::string>() : "";
  };
  EXPECT_TRUE(
      waitFor([&] { return c.http.get("secrets", "profiling-system", "tls").has_value(); }));
  const std::string ours = bundle();
  EXPECT_FALSE(ours.empty());
  Json hook = *c.http.get("mutatingwebhookconfigurations", "", "hook");
  hook["webhooks"][0]["clientConfig"]["caBundle"] = "dGhlaXJz";
  c.http.put("mutatingwebhookconfigurations", hook);
  EXPECT_TRUE(waitFor([&] { return bundle() == ours; }));
  c.http.remove("configmaps", "profiling-system", "ca");
  EXPECT_TRUE(
      waitFor([&] { return c.http.get("configmaps", "profiling-system", "ca").has_value(); }));
  c.http.remove("secrets", "profiling-system", "tls");
  EXPECT_TRUE(
      waitFor([&] { return c.http.get("secrets", "profiling-system", "tls").has_value(); }));
}

TEST(Manager, ServersAreReconciledOnlyOnceEveryStoreIsComplete) {
  Cluster c;
  c.http.put("profilingservers", api::toJson(grantingServer()));
  c.http.intercept([](const net::Request& r) -> std::optional<net::Response> {
    if (r.target.find("/statefulsets?") == std::string::npos) return std::nullopt;
    return test::FakeHttp::json(503, "{}");
  });
  c.manager->startWatches();
  c.manager->startWorkers();
  EXPECT_TRUE(waitFor([&] { return c.runner("profilingserver").requeue >= 1; }));
  EXPECT_FALSE(c.manager->synced());
  EXPECT_THAT(c.manager->unsynced(),
              testing::ElementsAre("statefulsets?app.kubernetes.io/managed-by=profiling-operator"));
  EXPECT_FALSE(c.http.get("services", "profiling", "pyroscope").has_value());
  EXPECT_TRUE(waitFor([&] { return c.http.get("secrets", "profiling-system", "tls").has_value(); }))
      << "certificates need no store";
}

TEST(Manager, NothingWaitsForTheListOfEvents) {
  Cluster c;
  c.http.intercept([](const net::Request& r) -> std::optional<net::Response> {
    if (r.target.find("/events?") == std::string::npos) return std::nullopt;
    return test::FakeHttp::json(503, "{}");
  });
  c.start();
  EXPECT_TRUE(c.manager->unsynced().empty());
}

TEST(Manager, AConvergedClusterIsNotWrittenTo) {
  Cluster c;
  c.http.put("profilingservers", api::toJson(grantingServer()));
  c.http.put("profilingpolicies", api::toJson(test::policy()));
  c.start();
  EXPECT_TRUE(
      waitFor([&] { return c.http.get("statefulsets", "profiling", "pyroscope").has_value(); }));
  c.startPod();
  EXPECT_TRUE(
      waitFor([&] { return c.ready("profilingpolicies", "shop", "shop") == "True Active"; }));
  EXPECT_TRUE(
      waitFor([&] { return c.http.get("secrets", "profiling-system", "tls").has_value(); }));
  const auto idle = [&] {
    for (const ControllerStats& stats : c.manager->stats()) {
      const RunnerStats& r = stats.runner;
      const bool timer = stats.name == "certificates";  // always has one for the next renewal
      if (r.active != 0 || r.queue.depth != 0 || (!timer && r.queue.delayed != 0)) return false;
    }
    return true;
  };
  ASSERT_TRUE(waitFor(idle));
  // An event that changes nothing is looked at, and leads to no write.
  c.http.clearWrites();
  const auto done = [&] { return c.runner("profilingserver").success; };
  const auto before = done();
  c.http.put("services", *c.http.get("services", "profiling", "pyroscope"));
  EXPECT_TRUE(waitFor([&] { return done() > before && idle(); }));
  EXPECT_THAT(c.http.writtenPaths(), testing::IsEmpty());
}

TEST(Manager, StopsWhileWatchesAndWorkersAreBusy) {
  Cluster c;
  c.http.put("profilingservers", api::toJson(grantingServer()));
  c.manager->startWatches();
  c.manager->startWorkers();
  c.manager->stopWorkers();
  c.manager->stopWatches();
  EXPECT_EQ(c.manager->reflectors().size(), 16U);
  EXPECT_EQ(c.manager->stats().size(), 7U);
}

}  // namespace
}  // namespace profiling::controllers
