// The whole DaemonSet is a golden file of tests/alloy; here is what must not get lost in it.
#include "controllers/specs/ebpf_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/specs/metadata.h"

namespace profiling::specs {
namespace {

using Json = nlohmann::json;

const EbpfPlace kPlace{"profiling-system", "op-ebpf", {"op-controller", "uid-1"}};

api::EbpfSettings settings() {
  api::EbpfSettings s;
  s.image = "grafana/alloy:v1.18.1";
  return s;
}
EbpfObjects objects(const api::EbpfSettings& s = settings()) {
  return ebpfObjects(s, kPlace, "http://pyroscope.profiling.svc:4040");
}
Json at(const Json& object, const char* pointer) {
  const Json::json_pointer p{std::string(pointer)};
  return object.contains(p) ? object.at(p) : Json();
}

TEST(EbpfObjects, ShareOneNameInTheOperatorsNamespaceAndAreDeletedWithIt) {
  const EbpfObjects o = objects();
  for (const Json* object : {&o.config_map, &o.daemon_set}) {
    const Json& metadata = object->at("metadata");
    EXPECT_EQ(metadata.at("namespace"), "profiling-system");
    EXPECT_EQ(metadata.at("name"), "op-ebpf");
    EXPECT_EQ(metadata.at("labels").at(kManagedByLabel), kManager);
    EXPECT_EQ(metadata.at("labels").at(kComponentLabel), kEbpfComponent);
    EXPECT_EQ(metadata.at("ownerReferences").at(0).at("uid"), "uid-1");
    EXPECT_TRUE(metadata.at("annotations").contains(kAppliedHashKey));
  }
  EXPECT_EQ(at(o.daemon_set, "/spec/template/spec/serviceAccountName"), "op-ebpf");
}

TEST(EbpfObjects, ThePodIsRootWithTheListedCapabilitiesAndNotPrivileged) {
  const Json pod = at(objects().daemon_set, "/spec/template/spec");
  EXPECT_EQ(pod.at("hostPID"), true);
  EXPECT_FALSE(pod.contains("hostNetwork"));
  const Json security = at(pod, "/containers/0/securityContext");
  EXPECT_EQ(security.at("privileged"), false);
  EXPECT_EQ(security.at("readOnlyRootFilesystem"), true);
  EXPECT_EQ(at(security, "/capabilities/drop"), Json({"ALL"}));
  EXPECT_EQ(at(security, "/capabilities/add").size(), 7U);
  int host_paths = 0;
  for (const Json& volume : pod.at("volumes")) host_paths += volume.contains("hostPath") ? 1 : 0;
  EXPECT_EQ(host_paths, 1);
}

// All pods with the label are watched and kept; here is one for each node.
TEST(EbpfObjects, PodsAreSelectedByTheirOwnLabelsAndNotWatched) {
  const Json set = objects().daemon_set;
  const Json labels = at(set, "/spec/template/metadata/labels");
  EXPECT_EQ(at(set, "/spec/selector/matchLabels"), labels);
  EXPECT_FALSE(labels.contains(kManagedByLabel));
  EXPECT_EQ(at(set, "/spec/template/metadata/annotations").at("profiling.dev/inject"), "false");
}

TEST(EbpfObjects, OnlyAChangedConfigurationRestartsThePods) {
  const auto hash = [](const api::EbpfSettings& s) {
    return at(objects(s).daemon_set, "/spec/template/metadata/annotations").at(kConfigHashKey);
  };
  api::EbpfSettings changed = settings();
  changed.priority_class_name = "high";
  EXPECT_EQ(hash(changed), hash(settings()));
  changed.sample_hz = 20;
  EXPECT_NE(hash(changed), hash(settings()));
}

TEST(EbpfObjects, PodSettingsOfTheAdministratorAreApplied) {
  api::EbpfSettings s = settings();
  s.node_selector = R"({"disk":"ssd"})";
  s.tolerations = R"([{"operator":"Exists"}])";
  s.resources = R"({"limits":{"memory":"1Gi"}})";
  s.priority_class_name = "high";
  s.image_pull_policy = "Never";
  const Json pod = at(objects(s).daemon_set, "/spec/template/spec");
  EXPECT_EQ(pod.at("nodeSelector"), Json({{"disk", "ssd"}}));
  EXPECT_EQ(at(pod, "/tolerations/0/operator"), "Exists");
  EXPECT_EQ(pod.at("priorityClassName"), "high");
  EXPECT_EQ(at(pod, "/containers/0/resources/limits/memory"), "1Gi");
  EXPECT_EQ(at(pod, "/containers/0/imagePullPolicy"), "Never");
  EXPECT_EQ(at(objects().daemon_set, "/spec/template/spec/tolerations"), Json());
}

}  // namespace
}  // namespace profiling::specs
