#include "controllers/ebpf/reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/unit/controllers/fake_api.h"

namespace profiling::controllers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

const std::string kConfigMapPath = "/api/v1/namespaces/profiling-system/configmaps/op-ebpf";
const std::string kDaemonSetPath = "/apis/apps/v1/namespaces/profiling-system/daemonsets/op-ebpf";

api::EbpfSettings settings() {
  api::EbpfSettings s;
  s.image = "grafana/alloy:v1.18.1";
  s.server = {"profiling", "pyroscope"};
  return s;
}

struct Cluster {
  test::FakeApi http;
  kube::Client client{http};
  test::FakeClock clock;
  std::stop_source stop;

  Outcome reconcile(const std::optional<api::EbpfSettings>& with = settings(),
                    const std::string& name = "op-ebpf") {
    EbpfReconciler reconciler(client, with, {"profiling-system", name, {}}, clock);
    return reconciler.reconcile("ebpf", stop.get_token());
  }
  std::optional<Json> live(const char* plural) {
    return http.get(plural, "profiling-system", "op-ebpf");
  }
  void foreign(const char* plural) {
    http.put(plural, {{"metadata", {{"name", "op-ebpf"}, {"namespace", "profiling-system"}}}});
  }
};

TEST(EbpfReconciler, AppliesTheConfigMapBeforeTheDaemonSet) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_THAT(c.http.writtenPaths(), ElementsAre(kConfigMapPath, kDaemonSetPath));
  EXPECT_THAT(c.live("configmaps")->at("data").at("config.alloy").get<std::string>(),
              HasSubstr("url = \"http://pyroscope.profiling.svc:4040\""));
  for (const auto& write : c.http.writes()) {
    EXPECT_THAT(write.query, HasSubstr("fieldManager=profiling-operator-ebpf"));
  }
}

TEST(EbpfReconciler, SecondRunWritesNothing) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  c.http.clearWrites();
  const Outcome outcome = c.reconcile();
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_FALSE(outcome.requeue_after.has_value());
  EXPECT_THAT(c.http.writtenPaths(), IsEmpty());
}

TEST(EbpfReconciler, DriftIsCorrected) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  Json set = *c.live("daemonsets");
  set["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = true;
  c.http.put("daemonsets", set);
  c.http.remove("configmaps", "profiling-system", "op-ebpf");
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.live("configmaps").has_value());
  const Json after = *c.live("daemonsets");
  EXPECT_EQ(after["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"],
            false);
}

TEST(EbpfReconciler, WithoutSettingsTheDaemonSetIsRemovedBeforeTheConfigMap) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  c.http.clearWrites();
  ASSERT_TRUE(c.reconcile(std::nullopt).status.ok());
  EXPECT_THAT(c.http.writtenPaths(), ElementsAre(kDaemonSetPath, kConfigMapPath));
  EXPECT_FALSE(c.live("daemonsets").has_value());
  EXPECT_FALSE(c.live("configmaps").has_value());
  c.http.clearWrites();
  ASSERT_TRUE(c.reconcile(std::nullopt).status.ok());
  EXPECT_THAT(c.http.writtenPaths(), IsEmpty());
}

TEST(EbpfReconciler, ForeignObjectsAreNeitherWrittenNorRemoved) {
  for (const char* plural : {"configmaps", "daemonsets"}) {
    Cluster c;
    c.foreign(plural);
    const Outcome outcome = c.reconcile();
    EXPECT_TRUE(outcome.status.ok());
    EXPECT_EQ(outcome.requeue_after, Millis(30'000)) << "no event reports its deletion";
    ASSERT_TRUE(c.reconcile(std::nullopt).status.ok());
    EXPECT_THAT(c.http.writtenPaths(), IsEmpty()) << plural;
    EXPECT_TRUE(c.live(plural).has_value());
  }
}

TEST(EbpfReconciler, ObjectsRestoredFromABackupAreRecognizedByTheirLabels) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  for (const char* plural : {"configmaps", "daemonsets"}) {
    Json object = *c.live(plural);
    object["metadata"].erase("managedFields");
    object["metadata"]["annotations"].clear();
    c.http.put(plural, object);
  }
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_EQ(c.live("daemonsets")->at("metadata").at("annotations").size(), 1U);
  ASSERT_TRUE(c.reconcile(std::nullopt).status.ok());
  EXPECT_FALSE(c.live("daemonsets").has_value());
}

TEST(EbpfReconciler, NoRefusalIsFinal) {
  Cluster c;
  c.http.intercept([](const net::Request& r) -> std::optional<net::Response> {
    if (r.method == net::Method::kGet) return std::nullopt;
    return test::FakeHttp::json(422, "{}");
  });
  const Outcome outcome = c.reconcile();
  EXPECT_EQ(outcome.status.code(), Code::kInternal);
  EXPECT_THAT(outcome.status.message(), HasSubstr("apply ConfigMap/profiling-system/op-ebpf"));
}

TEST(EbpfReconciler, WithoutANameNothingIsRead) {
  Cluster c;
  c.http.intercept([](const net::Request&) -> std::optional<net::Response> {
    ADD_FAILURE() << "asked";
    return std::nullopt;
  });
  EXPECT_TRUE(c.reconcile(std::nullopt, "").status.ok());
}

}  // namespace
}  // namespace profiling::controllers
