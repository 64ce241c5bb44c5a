#include "controllers/runtime/decoders.h"

#include <gtest/gtest.h>

#include "operator/api/v1alpha1/codec.h"
#include "operator/kube/json_decoder.h"
#include "tests/support/padded.h"

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

// The server n/pyroscope with uid z, and objects as its namespace's users may write them.
struct Owned : testing::Test {
  Owned() {
    api::ProfilingServer server;
    server.metadata.namespace_ = "n";
    server.metadata.name = "pyroscope";
    server.metadata.uid = "z";
    servers.publish({{"n/pyroscope", std::make_shared<const api::ProfilingServer>(server)}});
  }
  static std::string object(const std::string& name, const std::string& owner_uid,
                            const std::string& data = "1") {
    return R"({"kind":"ConfigMap","metadata":{"name":")" + name +
           R"(","namespace":"n","uid":"u","resourceVersion":"5","managedFields":[{}],)"
           R"("ownerReferences":[{"kind":"ProfilingServer","name":"pyroscope","uid":")" +
           owner_uid + R"(","controller":true}]},"data":{"a":)" + data + "}}";
  }
  kube::Store<api::ProfilingServer> servers;
  kube::Decoder<OwnedRecord> decoder = ownedDecoder(servers);
};

TEST_F(Owned, KeepsTheObjectWithoutManagedFields) {
  const auto decoded = decoder(object("pyroscope-config", "z"));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->key, "n/pyroscope-config");
  ASSERT_TRUE(decoded->record);
  const OwnedRecord& record = *decoded->record;
  EXPECT_EQ(record.controller->uid, "z");
  EXPECT_EQ(record.object.at("data").at("a"), 1);
  EXPECT_FALSE(record.object.at("metadata").contains("managedFields"));
  EXPECT_EQ(record.resource_version, "5");
  EXPECT_FALSE(record.deleting);
}

TEST_F(Owned, KeepsNothingOfWhatSomebodyElseLabelled) {
  const std::string large(1 << 20, 'x');
  for (const std::string& text :
       {object("pyroscope-config", "z", '"' + large + '"'),  // ours, too large
        object("pyroscope", "another"), object("notes", "z"),
        std::string(R"({"metadata":{"name":"pyroscope","namespace":"n"}})"),
        std::string(
            R"({"metadata":{"name":"pyroscope","namespace":"m","ownerReferences":)"
            R"([{"kind":"ProfilingServer","name":"pyroscope","uid":"z","controller":true}]}})"),
        R"({"metadata":{"name":"c","namespace":"n"},"data":{"a":")" + large + "\"}}"}) {
    const test::Padded padded(text);
    const auto decoded = decoder(padded.view());
    ASSERT_TRUE(decoded.ok()) << decoded.status().toString();
    EXPECT_FALSE(decoded->key.empty());
    EXPECT_EQ(decoded->record, nullptr) << text.substr(0, 200);
  }
}

TEST_F(Owned, AThousandLargeObjectsLeaveTheStoreEmptyAndAreReported) {
  kube::Store<OwnedRecord> store;
  std::size_t reported = 0;
  kube::internal::StoreSink<OwnedRecord> sink(store, decoder,
                                              [&](std::string_view) { ++reported; });
  sink.beginList();
  ASSERT_TRUE(sink.listed(object("pyroscope-config", "z")).ok());
  sink.commitList();
  EXPECT_EQ(sink.stored(), 1u);
  const std::string data = '"' + std::string(1 << 20, 'x') + '"';
  for (int i = 0; i < 1000; ++i) {
    const test::Padded padded(object("c" + std::to_string(i), "z", data));
    ASSERT_TRUE(sink.upsert(padded.view()).ok());
  }
  const test::Padded taken(object("pyroscope-config", "another"));
  ASSERT_TRUE(sink.upsert(taken.view()).ok());
  sink.flush();
  EXPECT_EQ(sink.stored(), 0u) << "an object that is no longer the server's is forgotten";
  EXPECT_EQ(reported, 1002u);
}

TEST_F(Owned, AnObjectWithoutANameIsRefused) {
  EXPECT_EQ(decoder(R"({"metadata":{}})").status().code(), Code::kInvalidArgument);
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
