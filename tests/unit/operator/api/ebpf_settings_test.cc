#include "operator/api/ebpf_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace profiling::api {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json least() {
  return {{"image", "grafana/alloy:v1.18.1"},
          {"server", {{"namespace", "profiling"}, {"name", "pyroscope"}}}};
}

TEST(EbpfSettings, DefaultsAreThoseOfTheChart) {
  const auto s = ebpfSettingsFromJson(least().dump());
  ASSERT_TRUE(s.ok()) << s.status().toString();
  EXPECT_EQ(s->image_pull_policy, "IfNotPresent");
  EXPECT_EQ(s->sample_hz, 19);
  EXPECT_EQ(s->collect_interval, "15s");
  EXPECT_EQ(s->opt_in, EbpfOptIn::kAnnotated);
  EXPECT_EQ(s->tenant_id, "");
}

TEST(EbpfSettings, EveryFieldIsRead) {
  Json json = least();
  json.update(Json::parse(R"({"imagePullPolicy":"Never","tenantID":"a*1","sampleHz":100,
    "collectInterval":"1m30s","namespaces":["shop"],"excludedNamespaces":["kube-system","x"],
    "optIn":"All","nodeSelector":{"a":"b"},"tolerations":[{"operator":"Exists"}],
    "resources":{"limits":{"memory":"1Gi"}},"priorityClassName":"p"
})"));
  const auto s = ebpfSettingsFromJson(json.dump());
  ASSERT_TRUE(s.ok()) << s.status().toString();
  EXPECT_EQ(s->server.namespace_ + "/" + s->server.name, "profiling/pyroscope");
  EXPECT_EQ(s->image_pull_policy, "Never");
  EXPECT_EQ(s->tenant_id, "a*1");
  EXPECT_EQ(s->sample_hz, 100);
  EXPECT_EQ(s->collect_interval, "1m30s");
  EXPECT_THAT(s->namespaces, ElementsAre("shop"));
  EXPECT_THAT(s->excluded_namespaces, ElementsAre("kube-system", "x"));
  EXPECT_EQ(s->opt_in, EbpfOptIn::kAll);
  EXPECT_EQ(s->node_selector, R"({"a":"b"})");
  EXPECT_EQ(s->tolerations, R"([{"operator":"Exists"}])");
  EXPECT_EQ(s->resources, R"({"limits":{"memory":"1Gi"}})");
  EXPECT_EQ(s->priority_class_name, "p");
}

TEST(EbpfSettings, AWrongFieldIsNamedWithItsValueAndWhatIsAllowed) {
  struct Row {
    const char* pointer;
    Json value;
    const char* said;
  };
  for (const Row& row : std::vector<Row>{
           {"/image", "", "at /image: '' must be an image's reference"},
           {"/image", "a b", "at /image: 'a b' must be"},
           {"/imagePullPolicy", "Sometimes", "'Sometimes' must be 'Always', 'IfNotPresent' or"},
           {"/server", {{"name", "x"}}, "at /server: 'namespace' is required"},
           {"/server/name", "A", "at /server/name: 'A' must be that of a ProfilingServer"},
           {"/server/namespace", "a.b/c", "at /server/namespace: 'a.b/c' must be"},
           {"/server/port", 1, "at /server/port: the field must be one of 'namespace' or 'name'"},
           {"/tenantID", "a b", "at /tenantID: 'a b' must be at most 150 of"},
           {"/tenantID", "..", "at /tenantID: '..' must be"},
           {"/sampleHz", 0, "at /sampleHz: 0 must be between 1 and 100"},
           {"/sampleHz", 101, "at /sampleHz: 101 must be between 1 and 100"},
           {"/sampleHz", "19", "at /sampleHz: \"19\" must be a whole number"},
           {"/collectInterval", "4s", "at /collectInterval: '4s' must be a duration between '5s'"},
           {"/collectInterval", "11m", "at /collectInterval: '11m' must be"},
           {"/collectInterval", "15", "at /collectInterval: '15' must be"},
           {"/namespaces", {"ok", "Shop"}, "at /namespaces/1: 'Shop' must be a namespace's name"},
           {"/excludedNamespaces", {"a|b"}, "at /excludedNamespaces/0: 'a|b' must be"},
           {"/optIn", "Some", "at /optIn: 'Some' must be 'Annotated' or 'All'"},
           {"/nodeSelector", Json::array(), "at /nodeSelector: [] must be an object"},
           {"/tolerations", Json::object(), "at /tolerations: {} must be a list"},
           {"/resources", 1, "at /resources: 1 must be an object"},
           {"/sampleRate", 19, "at /sampleRate: the field must be one of 'image', "}}) {
    Json json = least();
    json[Json::json_pointer(row.pointer)] = row.value;
    const auto s = ebpfSettingsFromJson(json.dump());
    ASSERT_FALSE(s.ok()) << json;
    EXPECT_EQ(s.status().code(), Code::kInvalidArgument);
    EXPECT_THAT(s.status().message(), HasSubstr(row.said));
  }
  EXPECT_THAT(ebpfSettingsFromJson("{").status().message(), HasSubstr("must be a JSON object"));
  EXPECT_THAT(ebpfSettingsFromJson("{}").status().message(), HasSubstr("'image' is required"));
}

}  // namespace
}  // namespace profiling::api
