#include "controllers/runtime/decoders.h"

#include <gtest/gtest.h>

#include "operator/api/v1alpha1/codec.h"
#include "operator/kube/json_decoder.h"

namespace profiling::controllers {
namespace {

using Json = nlohmann::json;

template <class T>
Result<kube::Decoded<T>> decode(const kube::Decoder<T>& decoder, const std::string& text) {
  return decoder(text);
}

TEST(WorkloadDecoder, ReadsTheOwnerAndTheStatus) {
  const auto record = decode(kube::jsonDecoder<api::WorkloadProfile>(api::workloadFromJson),
                             R"({"metadata":{"name":"deployment-web","namespace":"shop",
    "uid":"u","generation":1,"annotations":{"profiling.dev/pod-group":"Deployment/web"},
    "ownerReferences":[{"uid":"other"},{"uid":"d-1","controller":true}]},
    "status":{"phase":"Missed","pods":{"missed":2},"ownerUIDs":["rs-1"],
      "preflight":{"templateHash":"h","revision":"r","reason":"Injected","languages":["Java"]}}})");
  ASSERT_TRUE(record.ok()) << record.status().toString();
  EXPECT_EQ(record->key, "shop/deployment-web");
  EXPECT_EQ(record->record->owner_uid, "d-1");
  EXPECT_EQ(record->record->status.pods.missed, 2);
  EXPECT_EQ(record->record->status.owner_uids, std::vector<std::string>{"rs-1"});
  EXPECT_EQ(record->record->status.preflight->languages,
            std::vector<api::Language>{api::Language::kJava});
}

TEST(ServerPod, ReadsWhyItIsNotReady) {
  const ServerPodRecord pod = serverPodRecord(Json::parse(R"({
    "metadata":{"name":"pyroscope-0","namespace":"profiling",
      "ownerReferences":[{"uid":"x"},{"uid":"set","controller":true}]},
    "status":{"phase":"Pending",
      "conditions":[{"type":"PodScheduled","status":"True"},{"type":"Ready","status":"False"}],
      "containerStatuses":[{"restartCount":3,
        "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}},
        "lastState":{"terminated":{"exitCode":2,"reason":"Error","message":"bad config"}}}]}})"));
  EXPECT_EQ(pod.controller_uid, "set");
  EXPECT_EQ(pod.waiting_reason, "CrashLoopBackOff");
  EXPECT_EQ(pod.last_exit_code, 2);
  EXPECT_EQ(pod.last_message, "bad config");
  EXPECT_EQ(pod.restarts, 3);
  EXPECT_TRUE(pod.started);
  EXPECT_FALSE(pod.ready || pod.deleting);
  EXPECT_EQ(pod.unschedulable, "");
}

TEST(ServerPod, ReadsWhyItIsNotScheduled) {
  const ServerPodRecord pod = serverPodRecord(Json::parse(R"({"metadata":{"deletionTimestamp":"x"},
    "status":{"conditions":[{"type":"PodScheduled","status":"False","message":"no node"}]}})"));
  EXPECT_EQ(pod.unschedulable, "no node");
  EXPECT_TRUE(pod.deleting);
  EXPECT_FALSE(pod.started);
}

TEST(ServerPod, FieldsOfAWrongTypeAreEmpty) {
  const ServerPodRecord pod = serverPodRecord(Json::parse(
      R"({"metadata":[],"status":{"conditions":{},"containerStatuses":[7,{"state":[]}]}})"));
  EXPECT_EQ(pod.waiting_reason, "");
  EXPECT_FALSE(pod.last_exit_code.has_value());
}

TEST(Owned, KeepsTheObjectWithoutManagedFields) {
  const auto decoded = decode(ownedDecoder(), R"({"kind":"Service","metadata":{"name":"a",
    "namespace":"n","uid":"u","resourceVersion":"5","managedFields":[{}],
    "ownerReferences":[{"kind":"X","name":"y","uid":"z","controller":true}]},"spec":{"a":1}})");
  ASSERT_TRUE(decoded.ok());
  const OwnedRecord& record = *decoded->record;
  EXPECT_EQ(decoded->key, "n/a");
  EXPECT_EQ(record.controller->uid, "z");
  EXPECT_EQ(record.object.at("spec").at("a"), 1);
  EXPECT_FALSE(record.object.at("metadata").contains("managedFields"));
  EXPECT_EQ(record.resource_version, "5");
  EXPECT_FALSE(record.deleting);
}

TEST(Decoders, AnObjectWithoutANameIsRefused) {
  EXPECT_EQ(decode(ownedDecoder(), R"({"metadata":{}})").status().code(), Code::kInvalidArgument);
  EXPECT_EQ(decode(versionDecoder(), R"([])").status().code(), Code::kInvalidArgument);
}

TEST(Decoders, AClusterPolicysKeyIsItsName) {
  const auto decoded =
      decode(kube::jsonDecoder<api::ClusterProfilingPolicy>(api::clusterPolicyFromJson),
             R"({"metadata":{"name":"all"},"spec":{"endpoint":{"url":"http://x"}}})");
  ASSERT_TRUE(decoded.ok()) << decoded.status().toString();
  EXPECT_EQ(decoded->key, "all");
  EXPECT_EQ(decode(kube::jsonDecoder<api::ClusterProfilingPolicy>(api::clusterPolicyFromJson),
                   R"({"metadata":{"name":"all"},"spec":{"serverRef":{"name":"x"}}})")
                .status()
                .code(),
            Code::kInvalidArgument);
}

TEST(Decoders, ANamespaceKeepsItsLabelsAndItsAnnotation) {
  const auto decoded =
      decode(namespaceDecoder(), R"({"metadata":{"name":"shop","labels":{"team":"shop"},
                                     "annotations":{"profiling.dev/inject":"true"}}})");
  ASSERT_TRUE(decoded.ok()) << decoded.status().toString();
  EXPECT_EQ(decoded->key, "shop");
  EXPECT_EQ(decoded->record->labels.at("team"), "shop");
  EXPECT_EQ(decoded->record->inject, "true");
}

}  // namespace
}  // namespace profiling::controllers
