#include <nlohmann/json.hpp>

#include "operator/inject/decision_json.h"
#include "operator/inject/names.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

InjectionPlan planFor(const api::PodView& p, std::shared_ptr<api::EffectivePolicy> e = policy(),
                      const Settings& s = settings()) {
  return planUnder({std::move(e)}, p, s);
}

std::shared_ptr<api::EffectivePolicy> policyOf(std::vector<api::Language> languages) {
  auto e = policy();
  e->policy.spec.languages = std::move(languages);
  return e;
}

TEST(Plan, TheUploadIntervalThatTwoLanguagesShareIsSetOnce) {
  const InjectionPlan plan =
      planFor(pod(), policyOf({api::Language::kJava, api::Language::kPython}));
  ASSERT_EQ(plan.containers.size(), 1U);
  std::map<std::string, int> times;
  for (const EnvEdit& e : plan.containers[0].env) ++times[e.name];
  EXPECT_EQ(times.at("PYROSCOPE_UPLOAD_INTERVAL"), 1);
  for (const auto& [name, count] : times) EXPECT_EQ(count, 1) << name;
  EXPECT_EQ(plan.init_containers.size(), 2U);
}

TEST(Plan, ResourcesAreThoseOfTheFirstInjectedContainer) {
  api::PodView p = pod();
  annotate(p, api::kContainersKey, "*");
  p.containers[0].resources = {"1", "1", "512Mi", "512Mi"};
  p.containers[0].env.push_back({"PYTHONPATH", "", true});
  p.containers[0].has_env = true;
  p.containers.push_back(container("second"));
  p.containers[1].index = 1;
  p.containers[1].resources = {"100m", "2", "256Mi", "1Gi"};
  const InjectionPlan plan = planFor(p, policyOf({api::Language::kPython}));
  ASSERT_EQ(plan.init_containers.size(), 1U);
  EXPECT_EQ(plan.init_containers[0].resources.cpu_request, "100m");
  EXPECT_EQ(plan.init_containers[0].resources.memory_limit, "1Gi");
  const json patch = json::parse(renderPatch(plan, p, settings()));
  EXPECT_EQ(patch.back()["value"][0]["resources"],
            json::parse(R"({"requests":{"cpu":"100m","memory":"256Mi"},
                            "limits":{"cpu":"2","memory":"1Gi"}})"));
}

TEST(Plan, APodWithoutResourcesStaysBestEffort) {
  const InjectionPlan plan = planFor(pod(), policyOf({api::Language::kPython}));
  const json patch = json::parse(renderPatch(plan, pod(), settings()));
  EXPECT_FALSE(patch.back()["value"][0].contains("resources"));
}

TEST(Plan, TooSmallLimits) {
  const struct {
    const char *cpu, *memory;
    bool fits;
  } cases[] = {{"50m", "100Mi", true}, {"49m", "", false},        {"", "99Mi", false},
               {"", "", true},         {"1", "104857599", false}, {"0.05", "0.1Gi", true},
               {"odd", "odd", true}};
  for (const auto& c : cases) {
    api::PodView p = pod();
    p.containers[0].resources.cpu_limit = c.cpu;
    p.containers[0].resources.memory_limit = c.memory;
    EXPECT_EQ(planFor(p, policyOf({api::Language::kPython})).reason == Reason::kInjected, c.fits)
        << c.cpu << " " << c.memory;
  }
}

TEST(Plan, OnlyPodsThatOptedInLearnOfARefusal) {
  api::PodView p = pod();
  p.os_name = "windows";
  const InjectionPlan silent = planFor(p);
  EXPECT_EQ(silent.reason, Reason::kUnsupportedOS);
  EXPECT_TRUE(silent.empty);
  EXPECT_TRUE(silent.warnings.empty());
  EXPECT_EQ(renderPatch(silent, p, settings()), "");

  annotate(p, api::kInjectKey, "true");
  const InjectionPlan plan = planFor(p);
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_THAT(plan.warnings[0].text, HasSubstr("UnsupportedOS"));
  const json patch = json::parse(renderPatch(plan, p, settings()));
  ASSERT_EQ(patch.size(), 1U);
  EXPECT_EQ(patch[0]["path"], "/metadata/annotations/profiling.dev~1decision");
}

TEST(Plan, PodsBeyondTheBoundsAreLeftAlone) {
  const auto reasonOf = [](const api::PodView& p) { return planFor(p).reason; };
  api::PodView containers = pod();
  for (std::size_t i = 1; i < kMaxContainers; ++i) {
    containers.containers.push_back(container("c"));
    containers.containers.back().index = i;
  }
  EXPECT_EQ(reasonOf(containers), Reason::kInjected);
  containers.init_containers.push_back(container("i"));
  EXPECT_EQ(reasonOf(containers), Reason::kPodTooLarge);

  api::PodView env = pod();
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= kMaxEnv; ++i) names.push_back("E" + std::to_string(i));
  for (std::size_t i = 0; i < kMaxEnv; ++i) setEnv(env.containers[0], names[i], "x");
  EXPECT_EQ(reasonOf(env), Reason::kInjected);
  setEnv(env.containers[0], names[kMaxEnv], "x");
  EXPECT_EQ(reasonOf(env), Reason::kPodTooLarge);

  const std::string mebibyte(1 << 20, 'a');
  api::PodView annotated = pod();
  annotate(annotated, "x", mebibyte);
  EXPECT_EQ(reasonOf(annotated), Reason::kPodTooLarge);
  annotate(annotated, api::kInjectKey, "true");
  EXPECT_TRUE(planFor(annotated).empty);  // not even the annotation that says so
}

// Work grows with the pod and not with its square: counted in bytes of the patch, because time
// says little on a shared machine.
TEST(Plan, ThePatchOfAHugePodStaysInProportion) {
  const auto patchSize = [](std::size_t count) {
    api::PodView p = pod();
    annotate(p, api::kContainersKey, "*");
    p.containers.clear();
    std::vector<std::string> names(count);
    for (std::size_t i = 0; i < count; ++i) {
      names[i] = "c" + std::to_string(1000 + i);
      p.containers.push_back(container(names[i]));
      p.containers.back().index = i;
    }
    const InjectionPlan plan = planFor(p, policyOf({api::Language::kJava}));
    EXPECT_EQ(plan.containers.size(), count);
    EXPECT_LE(plan.decision_json.size(), kMaxDecisionBytes);
    const json decision = json::parse(plan.decision_json);
    EXPECT_EQ(decision["containers"].size() + decision.value("more", 0U), count);
    return renderPatch(plan, p, settings()).size();
  };
  const std::size_t thirty = patchSize(30), threehundred = patchSize(300);
  EXPECT_LT(threehundred, thirty * 11);
}

TEST(Plan, Arm64NeedsAnImageThatFits) {
  api::PodView p = pod();
  p.node_selector.push_back({"kubernetes.io/arch", "arm64"});
  EXPECT_EQ(planFor(p).reason, Reason::kUnsupportedArchitecture);
  Settings s = settings();
  s.arm64_images[static_cast<std::size_t>(api::Language::kPython)] = true;
  const InjectionPlan plan = planFor(p, policy(), s);
  EXPECT_EQ(plan.reason, Reason::kInjected);
  ASSERT_EQ(plan.init_containers.size(), 1U);
  EXPECT_EQ(plan.init_containers[0].language, api::Language::kPython);
}

TEST(Plan, ALanguageWithoutAnImageIsNotInjected) {
  Settings s = settings();
  s.agents[static_cast<std::size_t>(api::Language::kJava)].image.clear();
  EXPECT_EQ(planFor(pod(), policyOf({api::Language::kJava}), s).reason, Reason::kNoLanguage);
}

TEST(Plan, AnAnnotatedLanguageThatThePolicyForbidsIsSkipped) {
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "java,python");
  const InjectionPlan plan = planFor(p, policyOf({api::Language::kPython}));
  ASSERT_EQ(plan.init_containers.size(), 1U);
  EXPECT_EQ(plan.init_containers[0].language, api::Language::kPython);
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_THAT(plan.warnings[0].text, HasSubstr("does not allow Java"));
}

TEST(Plan, TheTenantIsSetUnlessTheContainerHasOne) {
  auto e = policyOf({api::Language::kPython});
  e->tenant_id = "t$1";
  const auto tenants = [&](const api::PodView& p) {
    std::vector<std::string> out;
    const InjectionPlan plan = planFor(p, e);
    for (const EnvEdit& edit : plan.containers.at(0).env) {
      if (edit.name == kTenantEnv) out.push_back(edit.value);
    }
    return out;
  };
  EXPECT_THAT(tenants(pod()), ::testing::ElementsAre("t$$1"));
  api::PodView p = pod();
  setEnv(p.containers[0], kTenantEnv, "mine");
  EXPECT_THAT(tenants(p), ::testing::IsEmpty());
}

TEST(Plan, UserTextIsEscapedInPatchAndDecision) {
  api::PodView p = pod();
  auto e = policyOf({api::Language::kPython});
  e->policy.metadata.name = "a\"b\\";
  e->server_url = "http://x/\"$(HOME)\n";
  const InjectionPlan plan = planFor(p, e);
  EXPECT_EQ(json::parse(plan.decision_json)["policy"], "a\"b\\");
  const json patch = json::parse(renderPatch(plan, p, settings()));
  EXPECT_THAT(patch.dump(), HasSubstr(R"($$(HOME)\n)"));
}

TEST(Plan, UnderObserveTheDecisionIsReportedAndNothingIsPlanned) {
  auto e = policyOf({api::Language::kPython});
  e->policy.spec.mode = api::PolicyMode::kObserve;
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "java,python");
  annotate(p, api::kContainersKey, "app,gone");
  const InjectionPlan plan = planFor(p, e);
  EXPECT_EQ(plan.reason, Reason::kInjected);
  EXPECT_EQ(plan.decisions.size(), 2U);
  EXPECT_TRUE(plan.empty);
  EXPECT_TRUE(plan.warnings.empty());
  EXPECT_EQ(renderPatch(plan, p, settings()), "");
  p.annotations[1].value = "gone";
  const InjectionPlan refused = planFor(p, e);
  EXPECT_EQ(refused.reason, Reason::kUnknownContainer);
  EXPECT_TRUE(refused.empty);
  EXPECT_TRUE(refused.warnings.empty());
}

TEST(Plan, TheDecisionNamesTheKindOfAClusterPolicy) {
  auto e = policyOf({api::Language::kPython});
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "true");
  EXPECT_FALSE(json::parse(planFor(p, e).decision_json).contains("policyKind"));
  e->cluster = true;
  EXPECT_THAT(planFor(p, e).decision_json,
              ::testing::StartsWith(
                  R"({"policy":"shop","policyKind":"ClusterProfilingPolicy","revision":)"));
  e->server_url.clear();
  EXPECT_THAT(planFor(p, e).decision_json,
              ::testing::StartsWith(
                  R"({"policy":"shop","policyKind":"ClusterProfilingPolicy","action":"skipped")"));
}

TEST(Decision, NamesTheAgentsInAContainer) {
  const std::string text = R"({"policy":"p","containers":[
    {"name":"app","languages":[{"language":"java","version":"2.1"},
      {"language":"python","version":"1"}],"action":"injected"},
    {"name":"proxy","languages":[{"language":"java","version":"2.1"}],"action":"skipped"}]})";
  EXPECT_THAT(agentsIn(text, "app"), testing::ElementsAre("java 2.1", "python 1"));
  EXPECT_THAT(agentsIn(text, "proxy"), testing::IsEmpty());
  EXPECT_THAT(agentsIn(text, "other"), testing::IsEmpty());
  // Anybody may have edited it.
  for (const char* bad : {"", "{", "7", R"({"containers":7})", R"({"containers":[7,{"name":7}]})",
                          R"({"containers":[{"name":"app","action":"injected","languages":{}}]})",
                          R"({"containers":[{"name":"app","action":"injected",
                              "languages":[{"language":"cobol"},7]}]})"}) {
    EXPECT_THAT(agentsIn(bad, "app"), testing::IsEmpty()) << bad;
  }
}

}  // namespace
}  // namespace profiling::inject
