#include "controllers/specs/server_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/specs/compare.h"
#include "controllers/specs/metadata.h"
#include "controllers/specs/pyroscope_config.h"
#include "controllers/specs/webhook_objects.h"
#include "operator/base/encoding.h"
#include "tests/unit/controllers/builders.h"

namespace profiling::specs {
namespace {

using Json = nlohmann::json;

Json objectOf(const api::ProfilingServer& server, ObjectKind kind, const std::string& name) {
  for (const WantedObject& wanted : serverObjects(server)) {
    if (wanted.kind == kind && wanted.name == name) return wanted.object;
  }
  ADD_FAILURE() << "no such object: " << name;
  return {};
}
Json statefulSet(const api::ProfilingServer& server) {
  return objectOf(server, ObjectKind::kStatefulSet, server.metadata.name);
}
Json podSpec(const api::ProfilingServer& server) {
  return statefulSet(server).at("spec").at("template").at("spec");
}
Json container(const api::ProfilingServer& server) {
  return podSpec(server).at("containers").at(0);
}

TEST(ServerObjects, AreListedInTheOrderOfTheirUse) {
  std::vector<std::string> names;
  for (const WantedObject& wanted : serverObjects(test::s3Server())) {
    names.push_back(std::string(objectKindName(wanted.kind)) + "/" + wanted.name);
  }
  EXPECT_THAT(names, testing::ElementsAre("ConfigMap/pyroscope-config", "Service/pyroscope",
                                          "Service/pyroscope-headless", "StatefulSet/pyroscope"));
}

TEST(ServerObjects, AllCarryOurLabelsAndTheServerAsController) {
  for (const WantedObject& wanted : serverObjects(test::s3Server())) {
    const Json& metadata = wanted.object.at("metadata");
    EXPECT_EQ(metadata.at("namespace"), "profiling");
    EXPECT_EQ(metadata.at("labels").at("app.kubernetes.io/managed-by"), "profiling-operator");
    EXPECT_EQ(metadata.at("labels").at("app.kubernetes.io/instance"), "pyroscope");
    EXPECT_EQ(metadata.at("ownerReferences"),
              Json::parse(R"([{"apiVersion":"profiling.dev/v1alpha1","kind":"ProfilingServer",
                "name":"pyroscope","uid":"server-uid","controller":true,"blockOwnerDeletion":true}])"));
    EXPECT_EQ(metadata.at("annotations").at("profiling.dev/applied-hash").get<std::string>().size(),
              16U);
  }
}

TEST(ServerObjects, TheServiceTargetsTheNamedPort) {
  const Json service = objectOf(test::s3Server(), ObjectKind::kService, "pyroscope");
  EXPECT_EQ(service.at("spec").at("ports"),
            Json::parse(R"([{"name":"http","port":4040,"protocol":"TCP","targetPort":"http"}])"));
  EXPECT_EQ(service.at("spec").at("selector"),
            statefulSet(test::s3Server()).at("spec").at("template").at("metadata").at("labels"));
  EXPECT_FALSE(service.at("spec").contains("clusterIP"));
  const Json headless = objectOf(test::s3Server(), ObjectKind::kService, "pyroscope-headless");
  EXPECT_EQ(headless.at("spec").at("clusterIP"), "None");
  EXPECT_EQ(headless.at("spec").at("publishNotReadyAddresses"), true);
}

TEST(ServerObjects, TheContainerRunsTheServerWithItsConfiguration) {
  const Json c = container(test::s3Server());
  EXPECT_EQ(c.at("image"), "grafana/pyroscope:2.2.1");
  EXPECT_EQ(c.at("args"), Json::parse(R"(["-config.file=/etc/pyroscope/config.yaml",
                                          "-self-profiling.disable-push=true"])"));
  EXPECT_EQ(c.at("readinessProbe").at("httpGet").at("path"), "/ready");
  EXPECT_FALSE(c.contains("livenessProbe"));
  EXPECT_EQ(c.at("volumeMounts"), Json::parse(R"([
    {"name":"config","mountPath":"/etc/pyroscope","readOnly":true},
    {"name":"data","mountPath":"/data"},{"name":"tmp","mountPath":"/tmp"}])"));
  const Json config = objectOf(test::s3Server(), ObjectKind::kConfigMap, "pyroscope-config");
  EXPECT_EQ(config.at("data"), (Json{{"config.yaml", pyroscopeConfig(test::s3Server().spec)}}));
}

TEST(ServerObjects, CredentialsAreReferencesToTheSecretsKeys) {
  EXPECT_EQ(container(test::s3Server()).at("env"), Json::parse(R"([
    {"name":"AWS_ACCESS_KEY_ID","valueFrom":{"secretKeyRef":
      {"name":"s3-credentials","key":"AWS_ACCESS_KEY_ID"}}},
    {"name":"AWS_SECRET_ACCESS_KEY","valueFrom":{"secretKeyRef":
      {"name":"s3-credentials","key":"AWS_SECRET_ACCESS_KEY"}}}])"));
  EXPECT_FALSE(container(test::filesystemServer()).contains("env"));
}

TEST(ServerObjects, ThePodMeetsPodSecurityRestricted) {
  const Json pod = podSpec(test::s3Server());
  EXPECT_EQ(pod.at("securityContext"), Json::parse(R"({"runAsNonRoot":true,"runAsUser":10001,
    "runAsGroup":10001,"fsGroup":10001,"fsGroupChangePolicy":"OnRootMismatch",
    "seccompProfile":{"type":"RuntimeDefault"}})"));
  EXPECT_EQ(container(test::s3Server()).at("securityContext"), Json::parse(R"({
    "allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}})"));
  EXPECT_EQ(pod.at("automountServiceAccountToken"), false);
  EXPECT_EQ(pod.at("terminationGracePeriodSeconds"), 120);
  EXPECT_EQ(pod.at("volumes"), Json::parse(R"([
    {"name":"config","configMap":{"name":"pyroscope-config"}},{"name":"tmp","emptyDir":{}}])"));
}

TEST(ServerObjects, OneReplicaWithAVolumeOfItsOwn) {
  api::ProfilingServer server = test::s3Server();
  server.spec.persistence.size = "20Gi";
  const Json spec = statefulSet(server).at("spec");
  EXPECT_EQ(spec.at("replicas"), 1);
  EXPECT_EQ(spec.at("podManagementPolicy"), "Parallel");
  const Json claim = spec.at("volumeClaimTemplates").at(0);
  EXPECT_EQ(claim.at("metadata").at("name"), "data");
  EXPECT_EQ(claim.at("spec"), Json::parse(R"({"accessModes":["ReadWriteOnce"],
    "resources":{"requests":{"storage":"20Gi"}}})"));
  server.spec.persistence.storage_class_name = "";  // explicitly no class
  EXPECT_EQ(statefulSet(server)
                .at("spec")
                .at("volumeClaimTemplates")
                .at(0)
                .at("spec")
                .at("storageClassName"),
            "");
}

TEST(ServerObjects, PodSettingsPassThrough) {
  api::ProfilingServer server = test::s3Server();
  server.spec.pod.resources = R"({"limits":{"memory":"2Gi"}})";
  server.spec.pod.node_selector = R"({"disk":"ssd"})";
  server.spec.pod.tolerations = R"([{"key":"a","operator":"Exists"}])";
  server.spec.pod.pod_annotations = R"({"team":"x","profiling.dev/config-hash":"mine"})";
  server.spec.pod.image_pull_secrets = R"([{"name":"registry"}])";
  const Json pod = podSpec(server);
  EXPECT_EQ(pod.at("nodeSelector"), Json::parse(R"({"disk":"ssd"})"));
  EXPECT_EQ(pod.at("tolerations"), Json::parse(R"([{"key":"a","operator":"Exists"}])"));
  EXPECT_EQ(pod.at("imagePullSecrets"), Json::parse(R"([{"name":"registry"}])"));
  EXPECT_EQ(container(server).at("resources"), Json::parse(R"({"limits":{"memory":"2Gi"}})"));
  const Json annotations =
      statefulSet(server).at("spec").at("template").at("metadata").at("annotations");
  EXPECT_EQ(annotations.at("team"), "x");
  EXPECT_NE(annotations.at("profiling.dev/config-hash"), "mine") << "ours is not the user's to set";
}

TEST(ServerObjects, AChangedConfigurationChangesThePodTemplateAndNothingElseDoes) {
  const auto hash = [](const api::ProfilingServer& server) {
    return statefulSet(server)
        .at("spec")
        .at("template")
        .at("metadata")
        .at("annotations")
        .at("profiling.dev/config-hash");
  };
  api::ProfilingServer changed = test::s3Server();
  changed.spec.retention = "24h";
  EXPECT_NE(hash(changed), hash(test::s3Server()));
  api::ProfilingServer granted = test::s3Server();
  granted.spec.allowed_namespaces.from = api::AllowFrom::kAll;
  EXPECT_EQ(hash(granted), hash(test::s3Server()));
  EXPECT_EQ(statefulSet(granted), statefulSet(test::s3Server()));
}

TEST(ServerObjects, ARemovedFieldChangesTheAppliedHash) {
  api::ProfilingServer server = test::s3Server();
  server.spec.pod.node_selector = R"({"disk":"ssd"})";
  const Json live = test::asLive(statefulSet(server));
  server.spec.pod.node_selector = "{}";
  EXPECT_EQ(firstDifference(live, statefulSet(server)).value_or(""),
            "/metadata/annotations/profiling.dev~1applied-hash");
}

TEST(WebhookObjects, TheLeafsSecretHasNoKeyOfTheCa) {
  const Json leaf = leafSecret("ns", "tls", {"crt", "key", "ca"});
  EXPECT_EQ(leaf.at("type"), "kubernetes.io/tls");
  EXPECT_EQ(leaf.at("data"), (Json{{"tls.crt", base64Encode("crt")},
                                   {"tls.key", base64Encode("key")},
                                   {"ca.crt", base64Encode("ca")}}));
  const Json ca = caSecret("ns", "tls-ca", {"crt", "key", "bundle"});
  EXPECT_EQ(ca.at("data"), (Json{{"ca.crt", base64Encode("crt")},
                                 {"ca.key", base64Encode("key")},
                                 {"bundle.crt", base64Encode("bundle")}}));
}

TEST(WebhookObjects, TheBundleIsTheOnlyFieldWrittenOfTheWebhookConfiguration) {
  EXPECT_EQ(
      webhookBundle("MutatingWebhookConfiguration", "profiling-operator", "7", {"a", "b"}, "pem"),
      Json::parse(R"({
    "apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingWebhookConfiguration",
    "metadata":{"name":"profiling-operator","resourceVersion":"7"},
    "webhooks":[{"name":"a","clientConfig":{"caBundle":"cGVt"}},
                {"name":"b","clientConfig":{"caBundle":"cGVt"}}]})"));
}

}  // namespace
}  // namespace profiling::specs
