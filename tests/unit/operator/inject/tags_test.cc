#include "operator/inject/tags.h"

#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string tagsOf(const api::PodView& p, const api::EffectivePolicy& e,
                   std::vector<Warning>& warnings) {
  return Tags(p, workloadOf(p), e, warnings).forContainer("app");
}

TEST(ServiceName, TheLadder) {
  api::PodView p = pod();
  auto e = policy();
  e->policy.spec.service_name = {api::ServiceNameFrom::kFixed, "", "fixed"};
  p.owners.push_back({"v1", "StatefulSet", "workload", "u", true});
  label(p, "app.kubernetes.io/name", "name");
  label(p, "app.kubernetes.io/instance", "instance");
  annotate(p, "resource.opentelemetry.io/service.name", "otel");
  annotate(p, "profiles.grafana.com/service_name", "grafana");
  annotate(p, api::kServiceNameKey, "own");
  const auto name = [&] { return ServiceName(p, workloadOf(p), *e).forContainer("app"); };
  EXPECT_EQ(name(), "own");
  p.annotations.pop_back();
  EXPECT_EQ(name(), "fixed");
  e->policy.spec.service_name = {};
  EXPECT_EQ(name(), "grafana");
  p.annotations.pop_back();
  EXPECT_EQ(name(), "otel");
  p.annotations.pop_back();
  EXPECT_EQ(name(), "instance");
  p.labels.pop_back();
  EXPECT_EQ(name(), "name");
  p.labels.pop_back();
  EXPECT_EQ(name(), "workload");
  p.owners.clear();
  EXPECT_EQ(name(), "web");
  p.name = "";
  EXPECT_EQ(name(), "app");
  EXPECT_EQ(ServiceName(p, workloadOf(p), *e).forContainer(""), "unknown");
}

TEST(ServiceName, ByLabelOrAnnotationOfThePolicy) {
  api::PodView p = pod();
  auto e = policy();
  label(p, "team", "l");
  annotate(p, "team", "a");
  e->policy.spec.service_name = {api::ServiceNameFrom::kLabel, "team", ""};
  EXPECT_EQ(ServiceName(p, workloadOf(p), *e).forContainer("app"), "l");
  e->policy.spec.service_name = {api::ServiceNameFrom::kAnnotation, "team", ""};
  EXPECT_EQ(ServiceName(p, workloadOf(p), *e).forContainer("app"), "a");
  e->policy.spec.service_name.key = "absent";
  EXPECT_EQ(ServiceName(p, workloadOf(p), *e).forContainer("app"), "web");
}

TEST(ServiceName, HasOnlyCharactersThatAgentsAccept) {
  api::PodView p = pod();
  const auto e = policy();
  const std::string huge(500, 'x');
  const std::pair<std::string_view, std::string> cases[] = {
      {" a b ", "a_b"},       {"a{b=\"c\"}", "a_b__c__"},
      {"\xC3\xBC", "__"},     {"A.b-c/d_9", "A.b-c/d_9"},
      {"$(HOME)", "__HOME_"}, {huge, std::string(128, 'x')},
      {"  ", "web"},
  };
  for (const auto& [text, want] : cases) {
    p.annotations.clear();
    annotate(p, api::kServiceNameKey, text);
    EXPECT_EQ(ServiceName(p, workloadOf(p), *e).forContainer("app"), want) << text;
  }
}

TEST(Tags, SourcesInTheirOrder) {
  api::PodView p = pod();
  auto e = policy();
  annotate(p, api::kTagsKey, " tier = web ,,team=mine");
  e->policy.spec.tags = {{"team", "payments"}, {"cost", "c$1"}};
  e->policy.spec.tags_from_pod_labels = {"example.com/part-of", "absent"};
  label(p, "example.com/part-of", "store");
  label(p, "app.kubernetes.io/version", "1.2");
  std::vector<Warning> warnings;
  EXPECT_EQ(tagsOf(p, *e, warnings),
            "namespace=shop,pod=$(PROFILING_POD_NAME),node=$(PROFILING_NODE_NAME),workload=web,"
            "tier=web,team=mine,cost=c$$1,example_com_part_of=store,version=1.2,container=app");
  EXPECT_TRUE(warnings.empty());
}

TEST(Tags, AnInvalidTagIsLeftOutWithAWarning) {
  for (const char* bad :
       {"pod=x", "namespace=x", "container=x", "service_name=x", "__a=1", "9a=1", "a-b=1",
        "a=", "=1", "a", "a=b c", "a={", "a=b=c", "a=\xC3\xBC", "a=b\x7f", "a=\xE2\x80\x8B"}) {
    api::PodView p = pod();
    annotate(p, api::kTagsKey, bad);
    std::vector<Warning> warnings;
    EXPECT_THAT(tagsOf(p, *policy(), warnings), EndsWith("workload=web,container=app")) << bad;
    ASSERT_EQ(warnings.size(), 1U) << bad;
    EXPECT_THAT(warnings[0].text, HasSubstr("profiling.dev/tags"));
    EXPECT_LE(warnings[0].text.size(), 240U);
  }
}

TEST(Tags, Limits) {
  std::string many;
  for (int i = 0; i < 40; ++i) many += "k" + std::to_string(i) + "=v,";
  api::PodView p = pod();
  annotate(p, api::kTagsKey, many);
  std::vector<Warning> warnings;
  const std::string text = tagsOf(p, *policy(), warnings);
  EXPECT_EQ(std::count(text.begin(), text.end(), '='), 30);
  EXPECT_EQ(warnings.size(), 40U - (30U - 5U));  // namespace, pod, node, workload and container

  const std::string value(200, 'v'), longer(201, 'v');
  const std::string fits = "a=" + value, too_long = "a=" + longer;
  p.annotations[0].value = fits;
  EXPECT_THAT(tagsOf(p, *policy(), warnings), HasSubstr(value));
  p.annotations[0].value = too_long;
  EXPECT_THAT(tagsOf(p, *policy(), warnings), Not(HasSubstr("a=v")));
  const std::string huge = "a=b," + std::string(2048, ' ');
  p.annotations[0].value = huge;
  EXPECT_THAT(tagsOf(p, *policy(), warnings), Not(HasSubstr("a=b")));
}

}  // namespace
}  // namespace profiling::inject
