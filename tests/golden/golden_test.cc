// Whole pods in, whole pods out: tests/golden/<group>/<case>/{pod.yaml, policy.yaml,
// [namespace.yaml], [cluster.yaml], patched.yaml | skip.txt | observed.txt}. skip.txt holds the reason; such a pod
// is left alone but for the decision annotation. observed.txt holds the reason too; that pod stays
// as it is. A file no-native-sidecars: the cluster is too old for them. UPDATE_GOLDEN=1 rewrites
// the expectations: read the diff.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "operator/api/v1alpha1/codec.h"
#include "tests/support/pod_admission.h"
#include "tests/support/source_dir.h"
#include "tests/support/yaml_emit.h"
#include "tests/support/yaml_json.h"

namespace profiling::webhooks {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

json load(const fs::path& file) {
  return test::jsonOfFile(file);
}

std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Policies other than a case's own, under which a second pass changes nothing either.
constexpr const char* kOtherSpecs[] = {
    R"({"activation":"Selected"})", R"({"activation":"Selected","secretEnvFrom":"Skip"})",
    R"({"activation":"Selected","languages":["Java","Python","NodeJS","DotNet","Ruby","Go"],
        "tags":{"team":"x"},"profiles":{"allocations":true,"inUseMemory":true,"locks":true}})"};

inject::NamespaceRecord namespaceOf(const fs::path& folder) {
  inject::NamespaceRecord shop{.name = "shop", .labels = {}, .inject = {}};
  if (!fs::exists(folder / "namespace.yaml")) return shop;
  const auto metadata = api::metaFromJson(load(folder / "namespace.yaml"));
  EXPECT_TRUE(metadata.ok()) << folder << ": " << metadata.status().toString();
  return metadata.ok() ? inject::namespaceRecord(*metadata) : shop;
}

// The case's policies, and what cluster.yaml holds: LimitRanges, ResourceQuotas, Nodes.
std::vector<json> objectsOf(const fs::path& folder, const char* other_spec) {
  std::vector<json> out;
  for (const YAML::Node& document : YAML::LoadAllFromFile((folder / "policy.yaml").string())) {
    json& object = out.emplace_back(test::yamlToJson(document));
    if (other_spec == nullptr) continue;
    object["spec"] = json::parse(other_spec);
    object["spec"]["endpoint"]["url"] = "http://pyroscope.example:4040";
  }
  if (!fs::exists(folder / "cluster.yaml")) return out;
  for (const YAML::Node& document : YAML::LoadAllFromFile((folder / "cluster.yaml").string())) {
    out.push_back(test::yamlToJson(document));
  }
  return out;
}

class Case : public test::PodAdmission {
 public:
  explicit Case(const fs::path& folder, const char* other_spec = nullptr)
      : PodAdmission(objectsOf(folder, other_spec), namespaceOf(folder),
                     !fs::exists(folder / "no-native-sidecars")),
        pod_(load(folder / "pod.yaml")) {}

  const json& pod() const { return pod_; }

 private:
  json pod_;
};

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(test::sourceDir()) / "tests/golden")) {
    if (entry.path().filename() == "pod.yaml") found.push_back(entry.path().parent_path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string nameOf(const fs::path& folder) {
  std::string name = folder.parent_path().filename().string() + "_" + folder.filename().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

// Without the decision annotation, which a refusal may add.
json withoutDecision(json pod, bool had_annotations) {
  if (!pod["metadata"].contains("annotations")) return pod;
  pod["metadata"]["annotations"].erase(std::string(api::kDecisionKey));
  if (!had_annotations) pod["metadata"].erase("annotations");
  return pod;
}

class Golden : public ::testing::TestWithParam<fs::path> {};

TEST_P(Golden, ThePodBecomesPatchedYaml) {
  const fs::path folder = GetParam();
  Case c(folder);
  const json patched = c.admit(c.pod());
  const std::string reason = c.reason();
  const bool injected =
      patched["metadata"].value("labels", json::object()).contains(std::string(api::kProfiledKey));

  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    fs::remove(folder / "patched.yaml");
    fs::remove(folder / "skip.txt");
    fs::remove(folder / "observed.txt");
    if (c.observed()) {
      std::ofstream(folder / "observed.txt") << reason << "\n";
    } else if (injected) {
      std::ofstream(folder / "patched.yaml") << test::toYaml(patched);
    } else {
      std::ofstream(folder / "skip.txt") << reason << "\n";
    }
  }
  EXPECT_EQ(c.observed(), fs::exists(folder / "observed.txt"));
  if (c.observed()) {
    EXPECT_EQ(reason + "\n", read(folder / "observed.txt"));
    EXPECT_FALSE(c.patched() || c.warned());
  } else if (fs::exists(folder / "skip.txt")) {
    EXPECT_EQ(reason + "\n", read(folder / "skip.txt"));
    EXPECT_EQ(withoutDecision(patched, c.pod()["metadata"].contains("annotations")), c.pod());
  } else {
    EXPECT_EQ(patched, load(folder / "patched.yaml"))
        << json::diff(load(folder / "patched.yaml"), patched).dump(1);
  }
  c.admit(patched);
  EXPECT_FALSE(c.patched()) << "a second pass has nothing to do";
}

TEST_P(Golden, ASecondPassHasNothingToDoUnderOtherPolicies) {
  for (const char* spec : kOtherSpecs) {
    Case c(GetParam(), spec);
    const json once = c.admit(c.pod());
    const json twice = c.admit(once);
    EXPECT_FALSE(c.patched()) << spec << "\n" << json::diff(once, twice).dump(1);
  }
}

// Another webhook that appends a sidecar, before ours or after it, changes nothing of our injection.
TEST_P(Golden, TheOrderWithAnotherWebhookDoesNotMatter) {
  Case c(GetParam());
  const auto other = [](json pod) {
    json sidecar = {{"name", "other-sidecar"}, {"image", "other:1"}};
    // As a webhook that keeps the pod's QoS class would.
    const json& first = pod["spec"]["containers"][0];
    if (first.contains("resources")) sidecar["resources"] = first["resources"];
    pod["spec"]["containers"].push_back(sidecar);
    pod["metadata"]["annotations"]["other.example/done"] = "yes";
    return pod;
  };
  if (c.pod()["spec"]["containers"].empty())
    return;  // the other's container would become the target
  if (fs::exists(GetParam() / "cluster.yaml")) return;  // both together may not fit
  // Our init container states the storage of the pod as it is then.
  if (c.pod().dump().find("ephemeral-storage") != std::string::npos) return;
  const json annotated = c.pod()["metadata"].value("annotations", json::object());
  if (annotated.value("profiling.dev/containers", "").find('*') != std::string::npos)
    return;  // so would it here
  json ours_first = c.admit(other(c.admit(c.pod())));
  json ours_last = c.admit(other(c.pod()));
  if (fs::exists(GetParam() / "no-native-sidecars")) {  // each at the end, when its turn comes
    for (json* pod : {&ours_first, &ours_last}) {
      json& containers = (*pod)["spec"]["containers"];
      std::sort(containers.begin(), containers.end(),
                [](const json& a, const json& b) { return a["name"] < b["name"]; });
    }
  }
  EXPECT_EQ(ours_first, ours_last);
}

INSTANTIATE_TEST_SUITE_P(All, Golden, ::testing::ValuesIn(cases()),
                         [](const auto& parameter) { return nameOf(parameter.param); });

TEST(GoldenCases, Exist) {
  EXPECT_GE(cases().size(), 280U);
}

}  // namespace
}  // namespace profiling::webhooks
