// What profiles nodes, as files: cases/NAME.alloy and cases/NAME.yaml (the DaemonSet). reader/
// reads the .alloy files with Alloy's own parser. UPDATE_GOLDEN=1 rewrites them: read the diff.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "controllers/specs/ebpf_objects.h"
#include "tests/support/source_dir.h"
#include "tests/support/yaml_emit.h"

namespace profiling::specs {
namespace {

struct Case {
  std::string name;
  std::string url;
  EbpfPlace place;
  api::EbpfSettings settings;
};

// As the chart's defaults come to the controller.
Case defaults() {
  api::EbpfSettings s;
  s.image = "grafana/alloy:v1.18.1";
  s.server = {"profiling", "pyroscope"};
  s.excluded_namespaces = {"kube-system", "kube-public", "kube-node-lease"};
  s.resources = R"({"limits":{"memory":"1Gi"},"requests":{"cpu":"100m","memory":"256Mi"}})";
  return {
      "defaults",
      "http://pyroscope.profiling.svc:4040",
      {"profiling-system", "profiling-operator-ebpf", {"profiling-operator-controller", "6f1c"}},
      s};
}

Case everything() {
  Case c = defaults();
  c.name = "everything";
  c.settings.image = "mirror.example/grafana/alloy@sha256:" + std::string(64, 'a');
  c.settings.image_pull_policy = "Always";
  c.settings.tenant_id = "platform";
  c.settings.sample_hz = 97;
  c.settings.collect_interval = "1m";
  c.settings.namespaces = {"shop", "legacy"};
  c.settings.opt_in = api::EbpfOptIn::kAll;
  c.settings.node_selector = R"({"disk":"ssd"})";
  c.settings.tolerations = R"([{"key":"dedicated","operator":"Exists"}])";
  c.settings.resources = "{}";
  c.settings.priority_class_name = "system-node-critical";
  c.place.owner = {};
  return c;
}

// Nothing of this passes the checks of the settings; the generator must not rely on them.
Case hostile() {
  Case c = defaults();
  c.name = "hostile";
  c.url = "http://x\"\n}\nlocal.file \"a\" { filename = \"/etc/shadow\" }//:4040";
  c.settings.tenant_id = "a\"b\\c\td\re${f}`g\x01\xC3\xA9\xFF";
  c.settings.collect_interval = "1s\"\\";
  c.settings.excluded_namespaces = {"a.b|c", "(\"", "\\E\n"};
  c.place.namespace_ = "own+$[]";
  return c;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class AlloyGolden : public ::testing::TestWithParam<Case> {};

TEST_P(AlloyGolden, MatchesTheGoldenFile) {
  const Case& c = GetParam();
  const EbpfObjects objects = ebpfObjects(c.settings, c.place, c.url);
  const auto folder = std::filesystem::path(test::sourceDir()) / "tests/alloy/cases";
  const std::string config = objects.config_map.at("data").at("config.alloy").get<std::string>();
  const std::string daemon_set = test::toYaml(objects.daemon_set);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(folder / (c.name + ".alloy")) << config;
    std::ofstream(folder / (c.name + ".yaml")) << daemon_set;
  }
  EXPECT_EQ(config, read(folder / (c.name + ".alloy")));
  EXPECT_EQ(daemon_set, read(folder / (c.name + ".yaml")));
}

INSTANTIATE_TEST_SUITE_P(Cases, AlloyGolden, ::testing::Values(defaults(), everything(), hostile()),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace profiling::specs
