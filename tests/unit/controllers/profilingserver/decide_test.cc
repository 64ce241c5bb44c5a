#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/profilingserver/server_world.h"

namespace profiling::controllers {
namespace {

using Json = nlohmann::json;
using specs::ObjectKind;
using testing::HasSubstr;

std::vector<std::string> applied(const ServerDecision& decision) {
  std::vector<std::string> names;
  for (const WantedChange& change : decision.apply) {
    names.push_back(std::string(objectKindName(change.wanted.kind)) + "/" + change.wanted.name +
                    " " + change.difference);
  }
  return names;
}

struct Row {
  const char* sentence;
  std::function<void(ServerWorld&)> change;
  std::vector<std::string> applied;
  std::string config, storage, ready;  // "True Reason"
  std::vector<std::string> words;      // in the message of the condition that is not True
};
class DecideServer : public testing::TestWithParam<Row> {};

TEST_P(DecideServer, MatchesTheTable) {
  const Row& row = GetParam();
  ServerWorld world;
  row.change(world);
  const ServerDecision d = decideServer(world.input());
  EXPECT_EQ(applied(d), row.applied) << row.sentence;
  EXPECT_EQ(statusOf(d.status, "ConfigValid"), row.config) << row.sentence;
  EXPECT_EQ(statusOf(d.status, "StorageConfigured"), row.storage) << row.sentence;
  EXPECT_EQ(statusOf(d.status, "Ready"), row.ready) << row.sentence;
  std::string messages;
  for (const char* type : {"ConfigValid", "StorageConfigured", "Ready"}) {
    const api::Condition* c = api::findCondition(d.status.conditions, type);
    ASSERT_NE(c, nullptr) << row.sentence;
    EXPECT_EQ(c->observed_generation, 3) << row.sentence << type;
    EXPECT_FALSE(c->message.empty()) << row.sentence << type;
    if (c->status != "True") messages += c->message + "\n";
  }
  for (const std::string& word : row.words) EXPECT_THAT(messages, HasSubstr(word)) << row.sentence;
  EXPECT_EQ(d.status.observed_generation, 3);
}

const std::vector<std::string> kNothing;
const std::string kOk = "True Accepted";
const std::string kKeys = "True CredentialsInPlace";

INSTANTIATE_TEST_SUITE_P(
    Rows, DecideServer,
    testing::Values(
        Row{"nothing is written when everything is as it should be",
            [](ServerWorld&) {},
            kNothing,
            kOk,
            kKeys,
            "True ServerReady",
            {}},
        Row{"a new server gets all its objects, in order",
            [](ServerWorld& w) {
              w.live.clear();
              w.pods.clear();
            },
            {"ConfigMap/pyroscope-config /", "Service/pyroscope /", "Service/pyroscope-headless /",
             "StatefulSet/pyroscope /"},
            kOk,
            "Unknown Progressing",
            "False Progressing",
            {}},
        Row{"a changed live Service is put back",
            [](ServerWorld& w) {
              w.object(ObjectKind::kService, "pyroscope")["spec"]["ports"][0]["port"] = 1;
            },
            {"Service/pyroscope /spec/ports/4040"},
            kOk,
            kKeys,
            "True ServerReady",
            {}},
        Row{"a changed live ConfigMap is put back",
            [](ServerWorld& w) {
              w.object(ObjectKind::kConfigMap, "pyroscope-config")["data"]["config.yaml"] = "x";
            },
            {"ConfigMap/pyroscope-config /data/config.yaml"},
            kOk,
            kKeys,
            "True ServerReady",
            {}},
        Row{"a StatefulSet that was scaled is put back",
            [](ServerWorld& w) { w.set()["spec"]["replicas"] = 3; },
            {"StatefulSet/pyroscope /spec/replicas"},
            kOk,
            kKeys,
            "False Progressing",
            {}},
        Row{"a label that was taken off is put back",
            [](ServerWorld& w) {
              w.object(ObjectKind::kService, "pyroscope")["metadata"]["labels"].erase(
                  "app.kubernetes.io/managed-by");
            },
            {"Service/pyroscope /metadata/labels/app.kubernetes.io~1managed-by"},
            kOk,
            kKeys,
            "True ServerReady",
            {}},
        Row{"a changed spec changes the file and restarts the pod",
            [](ServerWorld& w) { w.server.spec.retention = "24h"; },
            {"ConfigMap/pyroscope-config /data/config.yaml",
             "StatefulSet/pyroscope /metadata/annotations/profiling.dev~1applied-hash"},
            kOk,
            kKeys,
            "False Progressing",
            {}},
        Row{"an invalid spec changes nothing and says which field",
            [](ServerWorld& w) { w.server.spec.storage.s3->prefix = "2026"; },
            kNothing,
            "False InvalidSpec",
            "Unknown InvalidSpec",
            "False InvalidSpec",
            {"spec.storage.s3.prefix", "'2026'"}},
        Row{"a foreign object of our name is left alone, and so is everything else",
            [](ServerWorld& w) {
              auto& metadata = w.object(ObjectKind::kService, "pyroscope")["metadata"];
              metadata["ownerReferences"] = Json::parse(
                  R"([{"kind":"Deployment","name":"theirs","uid":"other","controller":true}])");
              w.server.spec.retention = "24h";
            },
            kNothing,
            kOk,
            kKeys,
            "False Conflict",
            {"Service 'profiling/pyroscope'", "Deployment 'theirs'", "metadata.name"}},
        Row{"an object without an owner and without our labels is foreign too",
            [](ServerWorld& w) {
              auto& metadata = w.object(ObjectKind::kConfigMap, "pyroscope-config")["metadata"];
              metadata.erase("ownerReferences");
              metadata.erase("labels");
            },
            kNothing,
            kOk,
            kKeys,
            "False Conflict",
            {"ConfigMap 'profiling/pyroscope-config'"}},
        Row{"an object that was orphaned with our labels is taken back",
            [](ServerWorld& w) {
              w.object(ObjectKind::kService, "pyroscope")["metadata"].erase("ownerReferences");
            },
            {"Service/pyroscope /metadata/ownerReferences"},
            kOk,
            kKeys,
            "True ServerReady",
            {}},
        Row{"objects of an earlier server of the name are waited for",
            [](ServerWorld& w) { w.set()["metadata"]["ownerReferences"][0]["uid"] = "earlier"; },
            kNothing,
            kOk,
            "Unknown Progressing",
            "False AwaitingDeletion",
            {"StatefulSet", "earlier"}},
        Row{"an object on its way out is waited for",
            [](ServerWorld& w) { w.set()["metadata"]["deletionTimestamp"] = test::kNow; },
            kNothing,
            kOk,
            "Unknown Progressing",
            "False AwaitingDeletion",
            {"being deleted"}},
        Row{"a missing Secret is named with field, value and remedy",
            [](ServerWorld& w) {
              w.waiting("CreateContainerConfigError", "secret \"s3-credentials\" not found");
            },
            kNothing,
            kOk,
            "False SecretNotFound",
            "False SecretNotFound",
            {"spec.storage.s3.credentials.secretRef.name", "'s3-credentials'", "AWS_ACCESS_KEY_ID",
             "AWS_SECRET_ACCESS_KEY", "namespace 'profiling'"}},
        Row{"a Secret without a key is named with the key",
            [](ServerWorld& w) {
              w.waiting("CreateContainerConfigError",
                        "couldn't find key AWS_ACCESS_KEY_ID in Secret profiling/s3-credentials");
            },
            kNothing,
            kOk,
            "False SecretKeyMissing",
            "False SecretKeyMissing",
            {"spec.storage.s3.credentials.secretRef.name", "find key AWS_ACCESS_KEY_ID"}},
        Row{"another container error is passed on",
            [](ServerWorld& w) {
              w.waiting("CreateContainerConfigError", "image will run as root");
            },
            kNothing,
            kOk,
            "Unknown Progressing",
            "False ContainerNotCreated",
            {"image will run as root", "pyroscope-0"}},
        Row{"an image that cannot be pulled is named",
            [](ServerWorld& w) { w.waiting("ImagePullBackOff", "not found"); },
            kNothing,
            kOk,
            "Unknown Progressing",
            "False ImagePullFailed",
            {"spec.image", "'grafana/pyroscope:2.2.1'", "spec.imagePullSecrets"}},
        Row{"a crash loop says what the server said last",
            [](ServerWorld& w) {
              auto& pod = w.waiting("CrashLoopBackOff", "back-off");
              pod.started = true;
              pod.restarts = 4;
              pod.last_exit_code = 1;
              pod.last_reason = "Error";
              pod.last_message = std::string(500, 'x') + "field bucket not found";
            },
            kNothing,
            kOk,
            kKeys,
            "False ServerCrashing",
            {"exit code 1", "field bucket not found", "kubectl logs -n profiling pyroscope-0"}},
        Row{"a server out of memory is reported with the remedy",
            [](ServerWorld& w) {
              auto& pod = w.waiting("", "");
              pod.started = true;
              pod.restarts = 2;
              pod.last_exit_code = 137;
              pod.last_reason = "OOMKilled";
            },
            kNothing,
            kOk,
            kKeys,
            "False ServerCrashing",
            {"OOMKilled", "spec.resources.limits.memory"}},
        Row{"a volume that is not bound is named",
            [](ServerWorld& w) {
              w.waiting("", "").unschedulable =
                  "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
            },
            kNothing,
            kOk,
            "Unknown Progressing",
            "False VolumePending",
            {"data-pyroscope-0", "spec.persistence.storageClassName"}},
        Row{"a pod that no node takes is named",
            [](ServerWorld& w) {
              w.waiting("", "").unschedulable = "0/1 nodes: Insufficient memory";
            },
            kNothing,
            kOk,
            "Unknown Progressing",
            "False Unschedulable",
            {"Insufficient memory", "spec.resources"}},
        Row{"a pod that has started and is not ready yet is progress",
            [](ServerWorld& w) {
              w.pods.front().ready = false;
              w.set()["status"]["readyReplicas"] = 0;
            },
            kNothing,
            kOk,
            kKeys,
            "False Progressing",
            {"not ready yet"}},
        Row{"a pod of another controller with our labels does not count",
            [](ServerWorld& w) { w.pods.front().controller_uid = "theirs"; },
            kNothing,
            kOk,
            "Unknown Progressing",
            "False Progressing",
            {"not been created"}},
        Row{"a pod on its way out does not count",
            [](ServerWorld& w) { w.pods.front().deleting = true; },
            kNothing,
            kOk,
            "Unknown Progressing",
            "False Progressing",
            {}},
        Row{"an update that is not rolled out yet is progress",
            [](ServerWorld& w) { w.set()["status"]["updateRevision"] = "r2"; },
            kNothing,
            kOk,
            kKeys,
            "False Progressing",
            {"rolled out"}},
        Row{"a changed volume size is refused, and the rest goes on",
            [](ServerWorld& w) { w.server.spec.persistence.size = "20Gi"; },
            {"StatefulSet/pyroscope /metadata/annotations/profiling.dev~1applied-hash"},
            kOk,
            "False VolumeImmutable",
            "False Progressing",
            {"spec.persistence", "'20Gi'", "'10Gi'", "data-pyroscope-0"}},
        Row{"the same volume size in other words is no change",
            [](ServerWorld& w) {
              w.server.spec.persistence.size = "10240Mi";
              // What the API server keeps of it.
              for (auto& [kind, json] : w.live) {
                if (kind != ObjectKind::kStatefulSet) continue;
                for (const auto& wanted : specs::serverObjects(w.server)) {
                  if (wanted.kind == kind) json = test::asLive(wanted.object);
                }
                json["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]
                    ["storage"] = "10Gi";
              }
            },
            kNothing,
            kOk,
            kKeys,
            "True ServerReady",
            {}}));

}  // namespace
}  // namespace profiling::controllers
