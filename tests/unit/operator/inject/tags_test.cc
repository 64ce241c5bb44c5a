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

TEST(ServiceName, NoNameOfOneRun) {
  const struct {
    const char *kind, *owner, *generate_name, *label, *value, *want;
  } cases[] = {
      {"Job", "scaled-worker-x7p2k", "", "", "", "scaled-worker"},
      {"Job", "migrate-1712345678", "", "", "", "migrate"},
      {"Job", "load-python3", "", "", "", "load-python3"},
      {"Job", "report-2024", "", "", "", "report-2024"},
      {"CronJob", "x7p2k", "", "", "", "x7p2k"},
      {"Workflow", "etl-x9d2p", "", "", "", "etl"},
      {"Workflow", "etl-x9d2p", "", "workflows.argoproj.io/workflow-template", "etl-daily",
       "etl-daily"},
      {"TaskRun", "a-x7p2k", "", "tekton.dev/pipeline", "build", "build"},
      {"Job", "w-x7p2k", "", "scaledjob.keda.sh/name", "worker", "worker"},
      {"", "", "load-", "", "", "load"},
      {"", "", "load-x7p2k-", "", "", "load"},
      {"", "", "", "spark-app-name", "features", "features"},
      {"", "", "", "sparkoperator.k8s.io/app-name", "features-1712345678901", "features"},
  };
  for (const auto& c : cases) {
    api::PodView p = pod();
    p.name = *c.generate_name != 0 ? "" : "invoices-7f3k9q2x";
    p.generate_name = c.generate_name;
    if (*c.kind != 0) p.owners.push_back({"v1", c.kind, c.owner, "u", true});
    if (*c.label != 0) label(p, c.label, c.value);
    EXPECT_EQ(ServiceName(p, workloadOf(p), *policy()).forContainer("app"), c.want) << c.owner;
  }
  api::PodView p = pod();
  p.name = "load-invoices-7f3k9q2x";
  label(p, "dag_id", "invoices");
  label(p, "task_id", "load");
  EXPECT_EQ(ServiceName(p, workloadOf(p), *policy()).forContainer("app"), "invoices.load");
  p.labels.clear();
  EXPECT_EQ(ServiceName(p, workloadOf(p), *policy()).forContainer("app"), "load-invoices");
  p.name = "7f3k9q2x-0123456789";
  EXPECT_EQ(ServiceName(p, workloadOf(p), *policy()).forContainer("app"), "shop")
      << "the policy, where nothing else is left";
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
