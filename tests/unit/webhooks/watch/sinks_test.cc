#include "webhooks/watch/sinks.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/padded.h"

namespace profiling::webhooks {
namespace {

using nlohmann::json;

constexpr const char* kTarget = "1111111111";

json record(const std::string& name, const std::string& group) {
  json out = {{"metadata", {{"name", name}, {"namespace", "shop"}}},
              {"status",
               {{"policyRef", {{"kind", "ProfilingPolicy"}, {"name", "staged"}}},
                {"rollout", {{"targetRevision", kTarget}, {"assignedRevision", kTarget}}}}}};
  if (!group.empty()) out["metadata"]["annotations"] = {{"profiling.dev/pod-group", group}};
  return out;
}

json pod(const std::string& name) {
  return {{"metadata",
           {{"name", name},
            {"namespace", "shop"},
            {"labels", {{"profiling.dev/profiled", kTarget}, {"pod-template-hash", "6f7d8"}}},
            {"ownerReferences",
             {{{"kind", "ReplicaSet"}, {"name", "web-6f7d8"}, {"controller", true}}}}}},
          {"status", {{"phase", "Running"}}}};
}

struct Sinks : ::testing::Test {
  static Status listed(kube::RecordSink& sink, const json& object) {
    return sink.listed(test::Padded(object.dump()).view());
  }
  static Status upsert(kube::RecordSink& sink, const json& object) {
    return sink.upsert(test::Padded(object.dump()).view());
  }
  static void list(kube::RecordSink& sink, const std::vector<json>& objects) {
    sink.beginList();
    for (const json& object : objects) EXPECT_TRUE(listed(sink, object).ok());
    sink.commitList();
  }
  // Whether a new pod of the workload gets the target revision.
  bool assigned(std::string_view kind, std::string_view name) {
    auto policy = std::make_shared<api::EffectivePolicy>();
    policy->policy.metadata.name = "staged";
    policy->policy.spec.rollout.emplace().pods.steps = {10, 100};
    policy->revision = kTarget;
    return table.choose({"shop", kind, name, -1}, policy, true).policy != nullptr;
  }

  RolloutTable table{"a", 1};
  Breakers breakers;
  std::atomic<bool> synced{false};
  std::unique_ptr<kube::RecordSink> records = makeRecordsSink(table, synced);
  std::unique_ptr<kube::RecordSink> pods = makeProfiledPodsSink(table, breakers, synced);
};

TEST_F(Sinks, ASinkIsSyncedWithItsFirstCompleteList) {
  records->beginList();
  EXPECT_TRUE(listed(*records, record("web", "Deployment/web")).ok());
  records->dropList();
  EXPECT_FALSE(synced);
  list(*records, {});
  EXPECT_TRUE(synced);
}

TEST_F(Sinks, ARelistRemovesTheRecordsThatItDoesNotName) {
  list(*records, {record("web", "Deployment/web"), record("db", "StatefulSet/db")});
  EXPECT_EQ(records->stored(), 2U);
  EXPECT_TRUE(assigned("StatefulSet", "db"));
  list(*records, {record("web", "Deployment/web")});
  EXPECT_EQ(records->stored(), 1U);
  EXPECT_TRUE(assigned("Deployment", "web"));
  EXPECT_FALSE(assigned("StatefulSet", "db"));
}

TEST_F(Sinks, AnAbandonedListRemovesNothing) {
  list(*records, {record("web", "Deployment/web"), record("db", "StatefulSet/db")});
  records->beginList();
  EXPECT_TRUE(listed(*records, record("web", "Deployment/web")).ok());
  records->dropList();
  EXPECT_EQ(records->stored(), 2U);
}

TEST_F(Sinks, AnEventBeforeTheListDoesNotNameItsObject) {
  list(*records, {record("web", "Deployment/web")});
  EXPECT_TRUE(upsert(*records, record("db", "StatefulSet/db")).ok());
  EXPECT_EQ(records->stored(), 2U);
  list(*records, {record("web", "Deployment/web")});
  EXPECT_EQ(records->stored(), 1U);
}

TEST_F(Sinks, ARecordThatTheRelistCouldNotReadStays) {
  list(*records, {record("web", "Deployment/web")});
  json broken = record("web", "Deployment/web");
  broken["status"] = "none";
  records->beginList();
  EXPECT_FALSE(listed(*records, broken).ok());
  records->keepListed("shop/web");
  records->commitList();
  EXPECT_TRUE(assigned("Deployment", "web"));
}

TEST_F(Sinks, AnObjectThatLeavesTheListUnderWayIsGone) {
  pods->beginList();
  EXPECT_TRUE(listed(*pods, pod("web-1")).ok());
  EXPECT_TRUE(listed(*pods, pod("web-2")).ok());
  pods->unlisted("shop/web-2");
  pods->commitList();
  EXPECT_EQ(pods->stored(), 1U);
}

TEST_F(Sinks, ARecordThatChangesItsGroupLeavesTheOldOne) {
  list(*records, {record("web", "Deployment/web")});
  EXPECT_TRUE(assigned("Deployment", "web"));
  EXPECT_TRUE(upsert(*records, record("web", "Rollout/web")).ok());
  EXPECT_FALSE(assigned("Deployment", "web"));
  EXPECT_TRUE(assigned("Rollout", "web"));
  EXPECT_TRUE(upsert(*records, record("web", "")).ok());
  EXPECT_FALSE(assigned("Rollout", "web"));
  EXPECT_EQ(records->stored(), 0U);
}

TEST_F(Sinks, APodCountsForTheDeploymentOfItsReplicaSet) {
  json staged = record("web", "Deployment/web");
  staged["status"]["rollout"]["targetPods"] = 1;
  list(*records, {staged});
  EXPECT_TRUE(assigned("Deployment", "web"));
  EXPECT_TRUE(upsert(*pods, pod("web-1")).ok());
  EXPECT_FALSE(assigned("Deployment", "web")) << "the share is one pod";
  pods->erase("shop/web-1");
  EXPECT_TRUE(assigned("Deployment", "web"));
}

TEST_F(Sinks, APodThatEndsFreesItsPlace) {
  json deleting = pod("web");
  deleting["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  json failed = pod("web");
  failed["status"]["phase"] = "Failed";
  json unlabelled = pod("web");
  unlabelled["metadata"]["labels"].erase("profiling.dev/profiled");
  for (const json& end : {deleting, failed, unlabelled}) {
    EXPECT_TRUE(upsert(*pods, pod("web")).ok());
    EXPECT_EQ(pods->stored(), 1U);
    EXPECT_TRUE(upsert(*pods, end).ok());
    EXPECT_EQ(pods->stored(), 0U) << end.dump();
  }
}

TEST_F(Sinks, ARelistRemovesThePodsThatItDoesNotName) {
  list(*pods, {pod("web-1"), pod("web-2")});
  list(*pods, {pod("web-2"), pod("web-3")});
  EXPECT_EQ(pods->stored(), 2U);
  list(*pods, {});
  EXPECT_EQ(pods->stored(), 0U);
}

TEST_F(Sinks, AMalformedObjectCostsOnlyItself) {
  EXPECT_FALSE(pods->upsert(test::Padded("{").view()).ok());
  EXPECT_FALSE(upsert(*pods, {{"metadata", {{"name", "web"}}}}).ok());
  EXPECT_FALSE(records->upsert(test::Padded("[").view()).ok());
  EXPECT_TRUE(upsert(*pods, pod("web-1")).ok());
  EXPECT_EQ(pods->stored(), 1U);
}

TEST_F(Sinks, ARefusalIsKeptByItsOwner) {
  const auto refusals = makeRefusalsSink(breakers);
  const json event = {
      {"metadata", {{"name", "web.1"}, {"namespace", "shop"}}},
      {"involvedObject", {{"kind", "ReplicaSet"}, {"name", "web-1"}, {"uid", "u1"}}},
      {"reason", "FailedCreate"},
      {"message", "forbidden"},
      {"lastTimestamp", "2020-01-01T00:00:00Z"}};
  list(*refusals, {event});
  EXPECT_EQ(breakers.refused("shop", "u1", ""), inject::Refused::kNo) << "it is of years ago";
  EXPECT_TRUE(upsert(*refusals, event).ok());
  EXPECT_EQ(breakers.refused("shop", "u1", ""), inject::Refused::kWithAgent);
  EXPECT_FALSE(upsert(*refusals, json::array()).ok());
}

TEST_F(Sinks, APodThatCannotPullItsAgentIsKept) {
  for (const char* name : {"a", "b"}) {
    json waiting = pod(name);
    waiting["status"]["initContainerStatuses"] = {
        {{"name", "profiling-agent-java"},
         {"image", "registry.example/java:2"},
         {"imageID", ""},
         {"state", {{"waiting", {{"reason", "ImagePullBackOff"}}}}}}};
    EXPECT_TRUE(upsert(*pods, waiting).ok());
  }
  EXPECT_TRUE(breakers.unpullable("shop", "registry.example/java:2"));
  pods->erase("shop/a");
  EXPECT_FALSE(breakers.unpullable("shop", "registry.example/java:2"));
}

}  // namespace
}  // namespace profiling::webhooks
