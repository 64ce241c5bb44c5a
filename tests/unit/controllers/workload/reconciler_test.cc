#include "tests/unit/controllers/workload/cluster.h"

namespace profiling::controllers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(WorkloadReconciler, AMatchedWorkloadOwnsItsRecord) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.pod("web-b");
  EXPECT_THAT(c.passWrites(), ElementsAre(kWeb, kWeb + "/status"));
  EXPECT_EQ(c.record("/metadata/ownerReferences/0/uid"), "deployment-1");
  EXPECT_EQ(c.record("/metadata/ownerReferences/0/kind"), "Deployment");
  EXPECT_EQ(c.record("/metadata/ownerReferences/0/controller"), true);
  EXPECT_EQ(c.record("/status/phase"), "Missed");
  EXPECT_EQ(c.record("/status/pods/missed"), 2);
  EXPECT_EQ(c.record("/status/workloadRef/name"), "web");
  EXPECT_EQ(c.record("/status/policyRef/name"), "shop");
  EXPECT_EQ(c.record("/status/ownerUIDs"), Json({"rs-1"}));
  EXPECT_EQ(c.record("/status/preflight/reason"), "Injected");
  EXPECT_EQ(c.record("/status/preflight/templateHash"), "h1");
  EXPECT_THAT(c.passWrites(), IsEmpty()) << "the status is already written";
}

// What a ConfigMap of the pod's environment holds is looked up once and kept: names, never values.
TEST(WorkloadReconciler, ThePreflightReadsConfigMaps) {
  const Json env_from = {{"envFrom",
                          {{{"configMapRef", {{"name", "jvm"}}}},
                           {{"prefix", "JAVA_"}, {"configMapRef", {{"name", "short"}}}},
                           {{"configMapRef", {{"name", "gone"}}}},
                           {{"secretRef", {{"name", "keys"}}}}}}};
  Json container = {{"name", "app"}, {"image", "eclipse-temurin:21"}};
  container.update(env_from);
  const Json spec = {{"spec", {{"containers", {container}}}}};
  const auto put = [](Cluster& c) {
    c.replicaSet("web-h1", "rs-1", "deployment-1");
    c.http.put("configmaps", {{"metadata", {{"name", "jvm"}, {"namespace", "shop"}}},
                              {"data", {{"JAVA_TOOL_OPTIONS", "-Xmx1g"}, {"COLOUR", "red"}}}});
    c.http.put("configmaps", {{"metadata", {{"name", "short"}, {"namespace", "shop"}}},
                              {"data", {{"OPTS", "-Xms1g"}}}});
  };
  const Json wanted = Json::parse(R"([{"name":"gone"},
    {"name":"jvm","names":["JAVA_TOOL_OPTIONS"]},{"name":"short","names":["JAVA_OPTS"]}])");
  {
    Cluster c;
    put(c);
    c.pod("web-a", "rs-1", spec);
    c.pass();
    EXPECT_EQ(c.record("/status/preflight/configMaps"), wanted);
    EXPECT_EQ(c.record("/status/preflight/reason"), "EnvFromConfigMap");
    EXPECT_EQ(c.record("/status/phase"), "Skipped") << "the application's own options are not lost";
    EXPECT_THAT(c.passWrites(), IsEmpty());
  }
  Cluster c;  // pods that started before anybody had looked
  put(c);
  Json profiled = spec;
  profiled["metadata"] = {
      {"labels", {{"profiling.dev/profiled", kRevision}}},
      {"annotations",
       {{"profiling.dev/decision", R"({"policy":"shop","reason":"EnvFromSecretAssumed"})"}}}};
  c.pod("web-a", "rs-1", profiled);
  c.pass();
  EXPECT_EQ(c.record("/status/preflight/configMaps"), wanted);
  EXPECT_THAT(c.passWrites(), IsEmpty()) << "looked up once";
}

TEST(WorkloadReconciler, WritesOnlyWhenSomethingChanged) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.profiledPod("web-a");
  c.pass();
  EXPECT_EQ(c.record("/status/phase"), "Profiled");
  EXPECT_THAT(c.passWrites(), IsEmpty());
  c.profiledPod("web-b");
  EXPECT_THAT(c.passWrites(), ElementsAre(kWeb + "/status"));
  EXPECT_EQ(c.record("/status/pods/profiled"), 2);
}

TEST(WorkloadReconciler, AnUnmatchedWorkloadHasNoRecord) {
  Cluster c;
  c.policies->namespaces.clear();
  c.pod("web-a");
  EXPECT_THAT(c.passWrites(), IsEmpty());
}

TEST(WorkloadReconciler, BarePodsHaveNoRecord) {
  Cluster c;
  c.pod("bare", "rs-1", {{"metadata", {{"ownerReferences", nullptr}}}});
  EXPECT_TRUE(c.reconciler.reconcile("shop/Pod/bare", c.stop.get_token()).status.ok());
  EXPECT_THAT(c.http.writes(), IsEmpty());
}

TEST(WorkloadReconciler, TheRecordIsDeletedWhenNoPolicyMatchesAnyMore) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.pass();
  const Json uid = c.record("/metadata/uid"), version = c.record("/metadata/resourceVersion");
  c.policies = std::make_shared<inject::Snapshot>();
  EXPECT_THAT(c.passWrites(), ElementsAre(kWeb));
  const auto write = c.http.writes().at(0);
  EXPECT_EQ(write.method, net::Method::kDelete);
  EXPECT_EQ(write.body.at("preconditions").at("uid"), uid);
  EXPECT_EQ(write.body.at("preconditions").at("resourceVersion"), version);
  EXPECT_FALSE(c.http.get("workloadprofiles", "shop", "deployment-web").has_value());
  EXPECT_THAT(c.passWrites(), IsEmpty());
}

TEST(WorkloadReconciler, ProfiledPodsKeepTheRecordWithoutAPolicy) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.profiledPod("web-a");
  c.pass();
  c.policies = std::make_shared<inject::Snapshot>();
  EXPECT_THAT(c.passWrites(), ElementsAre(kWeb + "/status"));
  EXPECT_EQ(c.record("/status/phase"), "Unmatched");
  EXPECT_EQ(c.record("/status/policyRef"), Json());
}

TEST(WorkloadReconciler, AScaledDownWorkloadKeepsItsRecordWhileThePolicyExists) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.pass();
  c.pod("web-a", "rs-1", {{"metadata", {{"deletionTimestamp", "2026-08-01T12:00:00Z"}}}});
  EXPECT_THAT(c.passWrites(), ElementsAre(kWeb + "/status")) << "pods that end are no pods";
  EXPECT_EQ(c.record("/status/phase"), "Idle");
  c.pods.erase("shop/web-a");
  EXPECT_THAT(c.passWrites(), IsEmpty());
  EXPECT_EQ(c.record("/status/policyRef/name"), "shop");
  c.policies = std::make_shared<inject::Snapshot>();
  EXPECT_THAT(c.passWrites(), ElementsAre(kWeb));
  EXPECT_FALSE(c.http.get("workloadprofiles", "shop", "deployment-web").has_value());
}

TEST(WorkloadReconciler, ARecreatedWorkloadGetsItsOwnRecord) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.pass();
  const Json old = c.record("/metadata/uid");
  c.pods.erase("shop/web-a");
  c.replicaSet("web-h1", "rs-2", "deployment-2");
  c.pod("web-a", "rs-2");
  EXPECT_THAT(c.passWrites(), ElementsAre(kWeb)) << "the old one is deleted";
  EXPECT_EQ(c.http.writes().at(0).body.at("preconditions").at("uid"), old);
  EXPECT_THAT(c.passWrites(), ElementsAre(kWeb, kWeb + "/status"));
  EXPECT_EQ(c.record("/metadata/ownerReferences/0/uid"), "deployment-2");
  EXPECT_NE(c.record("/metadata/uid"), old);
}

TEST(WorkloadReconciler, AReplicaSetWithoutADeploymentIsTheWorkload) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", nullptr);
  c.pod("web-a");
  c.pass();
  EXPECT_EQ(c.record("/status/workloadRef/kind", "replicaset-web-h1"), "ReplicaSet");
  EXPECT_EQ(c.record("/metadata/ownerReferences/0/uid", "replicaset-web-h1"), "rs-1");
  EXPECT_THAT(c.passWrites(), IsEmpty());
  c.pods.erase("shop/web-a");
  c.policies = std::make_shared<inject::Snapshot>();
  c.pass();
  EXPECT_FALSE(c.http.get("workloadprofiles", "shop", "replicaset-web-h1").has_value())
      << "found again although its name is not the group's";
}

TEST(WorkloadReconciler, AnOwnerIsReadOnce) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  int asked = 0;
  c.http.intercept([&](const net::Request& request) -> std::optional<net::Response> {
    if (request.target.find("replicasets") != std::string::npos) ++asked;
    return std::nullopt;
  });
  c.pass();
  c.profiledPod("web-b");
  c.pass();
  EXPECT_EQ(asked, 1);
  // Another process takes it from the record.
  WorkloadReconciler other(c.client, c.pods, c.index, c.records, c.clock);
  EXPECT_TRUE(other.reconcile(kGroup, c.stop.get_token()).status.ok());
  EXPECT_EQ(asked, 1);
}

// A Deployment was deleted with --cascade=orphan and made again: its pods are still those of rs-1.
TEST(WorkloadReconciler, AnAdoptedReplicaSetBelongsToItsNewOwner) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.pass();
  c.replicaSet("web-h1", "rs-1", "deployment-2");
  EXPECT_THAT(c.passWrites(), IsEmpty()) << "the cached owner";
  c.index.owners().lost("deployment-1");
  EXPECT_THAT(c.passWrites(), ElementsAre(kWeb)) << "the record names the lost one";
  EXPECT_FALSE(c.http.get("workloadprofiles", "shop", "deployment-web"));
  c.passWrites();
  EXPECT_EQ(c.record("/metadata/ownerReferences/0/uid"), "deployment-2");
  EXPECT_EQ(c.record("/status/workloadRef/uid"), "deployment-2");
  EXPECT_THAT(c.passWrites(), IsEmpty());
}

TEST(WorkloadReconciler, ARecordOfALostOwnerDoesNotBringItBack) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.pass();
  c.replicaSet("web-h1", "rs-1", "deployment-2");
  WorkloadReconciler other(c.client, c.pods, c.index, c.records, c.clock);
  c.index.owners().lost("deployment-1");
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_TRUE(other.reconcile(kGroup, c.stop.get_token()).status.ok());
    c.sync();
  }
  EXPECT_EQ(c.record("/metadata/ownerReferences/0/uid"), "deployment-2");
}

// Otherwise the garbage collector would delete the next record as well, in a loop.
TEST(WorkloadReconciler, ANewRecordReadsTheOwnerAgain) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.pass();
  c.replicaSet("web-h1", "rs-1", "deployment-2");
  c.http.remove("workloadprofiles", "shop", "deployment-web");
  c.sync();
  c.clock.advance(std::chrono::seconds(2));  // the same write is not repeated at once
  c.pass();
  EXPECT_EQ(c.record("/metadata/ownerReferences/0/uid"), "deployment-2");
}

// No event of a pod shows that its ReplicaSet was adopted.
TEST(WorkloadReconciler, AReplicaSetWithoutItsDeploymentIsReadAgain) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", nullptr);
  c.pod("web-a");
  c.pass();
  EXPECT_EQ(c.pass().requeue_after, Millis(60'000));
  c.replicaSet("web-h1", "rs-1", "deployment-2");
  c.pass();
  EXPECT_EQ(c.record("/metadata/ownerReferences/0/uid"), "deployment-2");
  c.pass();
  EXPECT_FALSE(c.http.get("workloadprofiles", "shop", "replicaset-web-h1"));
}

TEST(WorkloadReconciler, ARecordWithoutPodsIsKeptOnlyForAWorkloadThatExists) {
  const Json deployment = {{"metadata", {{"name", "web"}, {"namespace", "shop"}}}};
  struct Case {
    const char* uid;  // of the Deployment; null: there is none
    int answer;       // of the API server instead; 0: its own
    bool kept;
  };
  for (const Case& each : {Case{nullptr, 0, false}, Case{"deployment-2", 0, false},
                           Case{"deployment-1", 0, true}, Case{nullptr, 403, true}}) {
    Cluster c;
    c.replicaSet("web-h1", "rs-1", "deployment-1");
    c.pod("web-a");
    c.pass();
    c.pods.erase("shop/web-a");
    if (each.uid != nullptr) {
      Json object = deployment;
      object["metadata"]["uid"] = each.uid;
      c.http.put("deployments", object);
    }
    int asked = 0;
    c.http.intercept([&](const net::Request& request) -> std::optional<net::Response> {
      if (request.target.find("/deployments/web") == std::string::npos) return std::nullopt;
      ++asked;
      if (each.answer == 0) return std::nullopt;
      return test::FakeHttp::json(each.answer,
                                  R"({"kind":"Status","reason":"Forbidden","message":"no"})");
    });
    // Another process, which has never seen the workload's pods.
    WorkloadIndex index{c.pods, [&c] { return c.policies; }, inject::settings()};
    WorkloadReconciler other(c.client, c.pods, index, c.records, c.clock);
    for (int pass = 0; pass < 2; ++pass) {
      EXPECT_TRUE(other.reconcile(kGroup, c.stop.get_token()).status.ok());
      c.sync();
    }
    EXPECT_EQ(c.http.get("workloadprofiles", "shop", "deployment-web").has_value(), each.kept);
    EXPECT_EQ(index.owners().has("shop/deployment-web", "deployment-1"),
              each.kept && each.answer == 0);
    EXPECT_EQ(asked, each.answer == 0 ? 1 : 2) << "read once, when it could be read";
  }
}

TEST(WorkloadReconciler, PodsOfADeletedOwnerBelongToNoWorkload) {
  Cluster c;
  c.pod("web-a");
  EXPECT_THAT(c.passWrites(), IsEmpty());
  c.replicaSet("web-h1", "another", "deployment-1");
  EXPECT_THAT(c.passWrites(), IsEmpty()) << "an object of the same name is not the owner";
}

TEST(WorkloadReconciler, AnInvalidOwnerIsReadAgain) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.http.intercept([](const net::Request& request) -> std::optional<net::Response> {
    if (request.target.find("replicasets") == std::string::npos) return std::nullopt;
    return test::FakeHttp::json(200, R"({"kind":"Pineapple","metadata":7})");
  });
  EXPECT_EQ(c.pass().status.code(), Code::kInternal);
  c.http.intercept(nullptr);
  c.pass();
  EXPECT_EQ(c.record("/status/phase"), "Missed");
}

TEST(WorkloadReconciler, APodThatCannotBeInjectedIsReported) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a", "rs-1", {{"spec", {{"os", {{"name", "windows"}}}}}});
  c.pass();
  EXPECT_EQ(c.record("/status/phase"), "Skipped");
  EXPECT_EQ(c.record("/status/skippedReasons/0/reason"), "UnsupportedOS");
  EXPECT_EQ(c.record("/status/skippedReasons/0/pods"), 1);
  EXPECT_EQ(c.record("/status/conditions/0/reason"), "UnsupportedOS");
  EXPECT_THAT(c.passWrites(), IsEmpty());
}

TEST(WorkloadReconciler, AnAnswerWithAnotherPodIsNoPreflight) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.http.intercept([&](const net::Request& request) -> std::optional<net::Response> {
    if (request.target.find("/pods/") == std::string::npos) return std::nullopt;
    return test::FakeHttp::json(200, R"({"kind":"ConfigMap","metadata":{"name":"other"}})");
  });
  EXPECT_EQ(c.pass().status.code(), Code::kInternal);
  c.http.intercept(nullptr);
  EXPECT_TRUE(c.pass().status.ok());
  EXPECT_EQ(c.record("/status/preflight/reason"), "Injected");
}

TEST(WorkloadReconciler, AWriteWithALostAnswerIsNotRepeatedAtOnce) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  EXPECT_TRUE(c.reconciler.reconcile(kGroup, c.stop.get_token()).status.ok());
  c.http.clearWrites();
  // The store does not show the record yet.
  const Outcome again = c.reconciler.reconcile(kGroup, c.stop.get_token());
  EXPECT_TRUE(again.requeue_after.has_value());
  EXPECT_THAT(c.http.writes(), IsEmpty());
}

TEST(WorkloadReconciler, NothingIsCreatedInATerminatingNamespace) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  c.http.intercept([&](const net::Request& request) -> std::optional<net::Response> {
    if (request.method == net::Method::kGet) return std::nullopt;
    return test::FakeHttp::json(
        403, R"({"kind":"Status","status":"Failure","reason":"Forbidden","code":403,
                "message":"unable to create new content in namespace shop because it is being terminated"})");
  });
  EXPECT_TRUE(c.pass().status.ok());
}

TEST(WorkloadReconciler, ARefusedRecordIsNotATerminalError) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  for (const int refusal : {422, 413}) {
    c.http.intercept([&](const net::Request& request) -> std::optional<net::Response> {
      if (request.method == net::Method::kGet) return std::nullopt;
      return test::FakeHttp::json(refusal, "{}");
    });
    EXPECT_EQ(c.pass().status.code(), Code::kInternal) << refusal;
  }
  c.http.intercept(nullptr);
  EXPECT_TRUE(c.pass().status.ok());
  EXPECT_EQ(c.record("/status/phase"), "Missed");
}

TEST(WorkloadReconciler, ARefusedWriteIsRetried) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  c.pod("web-a");
  bool refuse = true;
  c.http.intercept([&](const net::Request& request) -> std::optional<net::Response> {
    if (!refuse || request.method == net::Method::kGet) return std::nullopt;
    return test::FakeHttp::json(503, R"({"kind":"Status","status":"Failure","code":503})");
  });
  EXPECT_EQ(c.pass().status.code(), Code::kUnavailable);
  refuse = false;
  EXPECT_TRUE(c.pass().status.ok());
  EXPECT_EQ(c.record("/status/phase"), "Missed");
}

TEST(WorkloadReconciler, PodsThatAreLeftAloneAreAnEventOfTheirWorkloadOnce) {
  Cluster c;
  c.replicaSet("web-h1", "rs-1", "deployment-1");
  const Json answered = {
      {"metadata", {{"annotations", {{"profiling.dev/decision", R"({"reason":"PodRefused"})"}}}}}};
  c.pod("web-a", "rs-1", answered);
  EXPECT_TRUE(c.pass().status.ok());
  ASSERT_EQ(c.events.all.size(), 1U);
  const Event& event = c.events.all.front();
  EXPECT_EQ(event.regarding.kind + "/" + event.regarding.name, "Deployment/web");
  EXPECT_EQ(event.regarding.uid, "deployment-1");
  EXPECT_EQ(event.reason, "PodRefused");
  EXPECT_THAT(event.note, testing::HasSubstr("1 pod started without an agent"));
  c.pod("web-b", "rs-1", answered);
  EXPECT_TRUE(c.pass().status.ok());
  EXPECT_EQ(c.events.all.size(), 1U);
}

}  // namespace
}  // namespace profiling::controllers
