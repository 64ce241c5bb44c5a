#include <nlohmann/json.hpp>

#include "operator/inject/fit/fitting.h"
#include "operator/inject/snapshot.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

NamespaceBounds bounds(const char* items) {
  return boundsOf({{"metadata", {{"name", "limits"}}}, {"spec", {{"limits", json::parse(items)}}}});
}

Quota quota(const char* hard, const char* used = "{}", const char* spec = "{}") {
  return quotaOf({{"metadata", {{"name", "team"}}},
                  {"spec", json::parse(spec)},
                  {"status", {{"hard", json::parse(hard)}, {"used", json::parse(used)}}}});
}

// A Go service of which a policy wants a profile.
api::PodView service(const api::ResourcesView& resources) {
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "go");
  annotate(p, api::kPprofPortKey, "6060");
  p.containers[0].resources = resources;
  return p;
}

struct Shop {
  NamespaceBounds bounds;
  Quotas quotas;
};
InjectionPlan planIn(const api::PodView& p, const Shop& given) {
  Settings s = settings();
  s.native_sidecars = true;
  return planUnder({policy()}, p, s, nullptr,
                   {{&given.bounds, std::make_shared<const Quotas>(given.quotas)}, nullptr});
}

std::string detailOf(const InjectionPlan& plan) {
  EXPECT_EQ(plan.reason, Reason::kNoRoom);
  EXPECT_FALSE(plan.sidecar.has_value());
  if (plan.decisions.empty() || plan.decisions[0].skipped.empty()) return {};
  return plan.decisions[0].skipped[0].detail;
}

TEST(NamespaceBounds, ContainersAndPodsHaveTheirOwn) {
  const NamespaceBounds b = bounds(R"([
    {"type":"Pod","max":{"cpu":"2"},"maxLimitRequestRatio":{"memory":"3"}},
    {"type":"Container","min":{"cpu":"50m","memory":"64Mi"},"max":{"memory":"1Gi"}},
    {"type":"PersistentVolumeClaim","max":{"storage":"1Gi"}},
    {"type":"Container","min":{"cpu":"100m"},"max":{"cpu":"4","memory":"2Gi"}}])");
  const Range& cpu = b.container[ResourceKind::kCpu];
  const Range& memory = b.container[ResourceKind::kMemory];
  EXPECT_EQ(cpu.min.text, "100m");
  EXPECT_EQ(cpu.max.text, "4");
  EXPECT_EQ(memory.min.text, "64Mi");
  EXPECT_EQ(memory.max.text, "1Gi");
  EXPECT_FALSE(memory.ratio.set());
  EXPECT_EQ(b.pod[ResourceKind::kCpu].max.text, "2");
  EXPECT_EQ(b.pod[ResourceKind::kCpu].max.from, "limits");
  EXPECT_EQ(b.pod[ResourceKind::kMemory].ratio.text, "3");
}

TEST(NamespaceBounds, TextThatIsNoQuantitySetsNoBound) {
  for (const char* items :
       {"[]", "{}", "7", R"([{"type":"Container"}])", R"([{"min":{"cpu":"1"}}])",
        R"([{"type":"Container","min":{"cpu":"much"},"max":7}])"}) {
    EXPECT_FALSE(bounds(items).any()) << items;
  }
  EXPECT_FALSE(boundsOf(json()).any());
}

TEST(NamespaceBounds, ResourcesAreBroughtWithinTheBounds) {
  const NamespaceBounds b = bounds(
      R"([{"type":"Container","min":{"cpu":"50m","memory":"64Mi"},"max":{"cpu":"2","memory":"48Mi"}}])");
  AddedResources got{"0", "", "0", "32Mi", "", ""};
  bringWithin(got, b);
  EXPECT_EQ(got.cpu_request, "50m");
  EXPECT_EQ(got.cpu_limit, "2") << "a most demands a limit";
  EXPECT_EQ(got.memory_request, "64Mi");
  EXPECT_EQ(got.memory_limit, "64Mi") << "never below the request";
  AddedResources nothing;
  bringWithin(nothing, {});
  EXPECT_FALSE(nothing.view().any());
}

TEST(NamespaceBounds, ARatioMakesRequestAndLimitEqual) {
  const NamespaceBounds b = bounds(R"([{"type":"Container","maxLimitRequestRatio":{"cpu":"4"}}])");
  AddedResources got{"0", "100m", "0", "", "", ""};
  bringWithin(got, b);
  EXPECT_EQ(got.cpu_request, "100m");
  EXPECT_EQ(got.memory_request, "0");
}

TEST(Fit, TheSidecarStaysWithinTheBoundsOfContainers) {
  const Shop given{bounds(R"([{"type":"Container","min":{"cpu":"50m","memory":"64Mi"}}])"), {}};
  const InjectionPlan plan = planIn(service({}), given);
  ASSERT_TRUE(plan.sidecar.has_value());
  EXPECT_EQ(plan.sidecar->resources.cpu_request, "50m");
  EXPECT_EQ(plan.sidecar->resources.memory_request, "64Mi");
  EXPECT_FALSE(planIn(service({}), {}).sidecar->resources.view().any())
      << "neither the target nor the namespace has any";
}

TEST(Fit, ASumOfInitContainersIsTheLargestBesideItsSidecars) {
  api::PodView p = pod();
  p.containers[0].resources.cpu_limit = "200m";
  for (const auto& [limit, native] : {std::pair{"1", false}, {"300m", true}, {"600m", false}}) {
    api::ContainerView c = container();
    c.resources.cpu_limit = limit;
    c.is_native_sidecar = native;
    p.init_containers.push_back(c);
  }
  EXPECT_NEAR(*usageOf(p).limits[ResourceKind::kCpu], 1.0, 1e-9);
  p.containers[0].resources.cpu_limit = "900m";
  EXPECT_NEAR(*usageOf(p).limits[ResourceKind::kCpu], 1.2, 1e-9);
  EXPECT_NEAR(*usageOf(p).requests[ResourceKind::kCpu], 1.2, 1e-9) << "a limit is the request, too";
  EXPECT_FALSE(usageOf(p).limits[ResourceKind::kMemory]);
}

TEST(Fit, QuantitiesAreWrittenAsKubernetesReadsThem) {
  EXPECT_EQ(quantityText(ResourceKind::kCpu, 0.3), "300m");
  EXPECT_EQ(quantityText(ResourceKind::kCpu, 2), "2");
  EXPECT_EQ(quantityText(ResourceKind::kMemory, 544.0 * 1024 * 1024), "544Mi");
  EXPECT_EQ(quantityText(ResourceKind::kStorage, 1000), "1000");
}

// spec.resources bounds what all containers request, and gives the pod its class.
TEST(Fit, APodOfOneSizeGetsASidecarThatTakesNoneOfIt) {
  api::PodView p = service({"500m", "500m", "256Mi", "256Mi", {}, {}});
  p.resources = p.containers[0].resources;
  const InjectionPlan plan = planIn(p, {});
  ASSERT_TRUE(plan.sidecar.has_value());
  EXPECT_EQ(plan.sidecar->resources.cpu_request, "0");
  EXPECT_EQ(plan.sidecar->resources.memory_request, "0");
  p.resources.cpu_limit = p.containers[0].resources.cpu_limit = "80m";
  EXPECT_EQ(planIn(p, {}).sidecar->resources.cpu_limit, "80m") << "not above the pod's";
}

TEST(Fit, APodOfOneSizeThatHasNoRoomForTheMinimumOfAContainerIsSkipped) {
  api::PodView p = service({"500m", "500m", "256Mi", "256Mi", {}, {}});
  p.resources = p.containers[0].resources;
  const Shop given{bounds(R"([{"type":"Container","min":{"memory":"16Mi"}}])"), {}};
  EXPECT_EQ(detailOf(planIn(p, given)),
            "spec.resources requests 256Mi of memory: no room for 16Mi more");
}

TEST(Fit, AnAdditionThatTakesNothingIsNeverTooMuch) {
  api::PodView p = service({"900m", "900m", "256Mi", "256Mi", {}, {}});
  p.resources = {"500m", "900m", "256Mi", "256Mi", {}, {}};
  EXPECT_TRUE(planIn(p, {}).sidecar.has_value()) << "the API server refuses it in any case";
  const Shop given{bounds(R"([{"type":"Pod","max":{"cpu":"500m"}}])"), {}};
  EXPECT_TRUE(planIn(p, given).sidecar.has_value());
}

TEST(Fit, LimitsOfThePodThatAreTooSmallCountForEveryLanguage) {
  api::PodView p = service({});
  p.resources = {"30m", "30m", "256Mi", "256Mi", {}, {}};
  EXPECT_EQ(planIn(p, {}).reason, Reason::kLimitsTooSmall);
  p.resources = {"300m", "300m", "40Mi", "40Mi", {}, {}};
  p.annotations[0].value = "java";
  EXPECT_EQ(planIn(p, {}).reason, Reason::kLimitsTooSmall);
}

TEST(Fit, ALimitRangeOfPodsWithoutRoomIsNamed) {
  const Shop given{bounds(R"([{"type":"Pod","max":{"cpu":"1","memory":"1Gi"}}])"), {}};
  EXPECT_EQ(detailOf(planIn(service({"100m", "500m", "1Gi", "1Gi", {}, {}}), given)),
            R"(LimitRange "limits" allows a pod 1Gi of memory: no room for 32Mi more)");
  EXPECT_EQ(detailOf(planIn(service({"1", "1", "512Mi", "512Mi", {}, {}}), given)),
            R"(LimitRange "limits" allows a pod 1 of cpu: no room for 20m more)");
}

TEST(Fit, ASidecarIsMadeSmallerWhereALimitRangeOfPodsHasALittleRoom) {
  const Shop given{bounds(R"([{"type":"Pod","max":{"cpu":"1"}}])"), {}};
  const InjectionPlan plan = planIn(service({"100m", "970m", "1Gi", "1Gi", {}, {}}), given);
  ASSERT_TRUE(plan.sidecar.has_value());
  EXPECT_EQ(plan.sidecar->resources.cpu_limit, "30m");
  EXPECT_EQ(plan.sidecar->resources.cpu_request, "0");
}

TEST(Fit, ARatioOfPodsIsKept) {
  const Shop given{bounds(R"([{"type":"Pod","maxLimitRequestRatio":{"memory":"1"}}])"), {}};
  const InjectionPlan plan = planIn(service({"100m", "1", "1Gi", "1Gi", {}, {}}), given);
  ASSERT_TRUE(plan.sidecar.has_value());
  EXPECT_EQ(plan.sidecar->resources.memory_request, "32Mi");
  EXPECT_EQ(plan.sidecar->resources.cpu_request, "0");
}

TEST(Fit, AQuotaOfLimitsLosesNothingToASidecar) {
  const Shop given{{}, {quota(R"({"limits.cpu":"1","limits.memory":"1Gi"})")}};
  const InjectionPlan plan = planIn(service({"100m", "1", "512Mi", "1Gi", {}, {}}), given);
  ASSERT_TRUE(plan.sidecar.has_value());
  EXPECT_EQ(plan.sidecar->resources.cpu_limit, "0");
  EXPECT_EQ(plan.sidecar->resources.memory_limit, "0");
  EXPECT_EQ(plan.sidecar->resources.memory_request, "0");
}

TEST(Fit, AGuaranteedPodNeedsAQuotaWithRoomForItsSidecar) {
  const api::PodView p = service({"500m", "500m", "512Mi", "512Mi", {}, {}});
  const auto in = [&](const char* hard, const char* used) {
    return planIn(p, {{}, {quota(hard, used)}});
  };
  EXPECT_EQ(detailOf(in(R"({"limits.memory":"1Gi"})", R"({"limits.memory":"512Mi"})")),
            R"(ResourceQuota "team" has 512Mi of limits.memory left: with 32Mi more, the pod does )"
            "not fit");
  EXPECT_THAT(detailOf(in(R"({"requests.memory":"1Gi"})", "{}")),
              HasSubstr("with 32Mi more for each, fewer pods of this size fit"))
      << "the second pod would not fit";
  EXPECT_TRUE(in(R"({"limits.memory":"1088Mi","limits.cpu":"8"})", "{}").sidecar.has_value());
  EXPECT_TRUE(in(R"({"pods":"1"})", R"({"pods":"1"})").sidecar.has_value());
}

TEST(Fit, AQuotaCountsOnlyThePodsOfItsScopes) {
  api::PodView p = service({"500m", "500m", "512Mi", "512Mi", {}, {}});
  const auto injected = [&](const char* spec) {
    return planIn(p, {{}, {quota(R"({"limits.memory":"512Mi"})", "{}", spec)}}).sidecar.has_value();
  };
  EXPECT_FALSE(injected(R"({"scopes":["NotTerminating","NotBestEffort"]})"));
  EXPECT_TRUE(injected(R"({"scopes":["Terminating"]})"));
  EXPECT_TRUE(injected(R"({"scopes":["BestEffort"]})"));
  EXPECT_FALSE(injected(R"({"scopes":["CrossNamespacePodAffinity"]})")) << "it may count the pod";
  const char* high = R"({"scopeSelector":{"matchExpressions":[
      {"scopeName":"PriorityClass","operator":"In","values":["high"]}]}})";
  EXPECT_TRUE(injected(high));
  p.priority_class = "high";
  EXPECT_FALSE(injected(high));
  p.has_deadline = true;
  EXPECT_FALSE(injected(R"({"scopes":["Terminating"]})"));
}

TEST(Fit, TheOverheadOfARuntimeClassCounts) {
  api::PodView p = service({"500m", "500m", "512Mi", "512Mi", {}, {}});
  const Shop given{{}, {quota(R"({"requests.memory":"620Mi"})")}};
  EXPECT_TRUE(planIn(p, given).sidecar.has_value());
  p.overhead.memory_request = "100Mi";
  EXPECT_THAT(detailOf(planIn(p, given)),
              HasSubstr("has 620Mi of requests.memory left: with 32Mi more"));
}

// The kubelet evicts a pod that writes more than its containers may together; emptyDirs count.
TEST(Fit, ACopyIsAddedToTheStorageThatThePodMayUse) {
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "java,python");
  p.containers[0].resources.storage_request = "16Mi";
  p.containers[0].resources.storage_limit = "32Mi";
  const InjectionPlan plan = planIn(p, {});
  ASSERT_EQ(plan.init_containers.size(), 2U);
  EXPECT_EQ(plan.init_containers[0].resources.storage_request, "138Mi");
  EXPECT_EQ(plan.init_containers[0].resources.storage_limit, "154Mi");
  EXPECT_EQ(plan.init_containers[1].resources.storage_limit, "32Mi");
}

TEST(Fit, OnlyTheCopiesThatFitAreMade) {
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "java,python,node");
  p.containers[0].resources.storage_limit = "32Mi";
  const Shop given{bounds(R"([{"type":"Pod","max":{"ephemeral-storage":"100Mi"}}])"), {}};
  const InjectionPlan plan = planIn(p, given);
  ASSERT_EQ(plan.init_containers.size(), 2U);
  EXPECT_EQ(plan.init_containers[0].resources.storage_limit, "38Mi");
  ASSERT_EQ(plan.decisions[0].skipped.size(), 1U);
  EXPECT_EQ(plan.decisions[0].skipped[0].language, api::Language::kPython);
  EXPECT_EQ(
      plan.decisions[0].skipped[0].detail,
      R"(LimitRange "limits" allows a pod 100Mi of ephemeral-storage: no room for 120Mi more)");
  EXPECT_THAT(plan.decision_json, HasSubstr(R"("reason":"NoRoom","detail":"LimitRange)"));
}

TEST(Fit, APodThatStatesNoStorageIsLeftAsItIs) {
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "python");
  const Shop given{{}, {quota(R"({"requests.ephemeral-storage":"1Mi"})")}};
  const InjectionPlan plan = planIn(p, given);
  ASSERT_EQ(plan.init_containers.size(), 1U);
  EXPECT_FALSE(plan.init_containers[0].resources.view().any());
}

TEST(Fit, ARefusalIsWrittenForThePodThatAsked) {
  const Shop given{bounds(R"([{"type":"Pod","max":{"memory":"1Gi"}}])"), {}};
  const InjectionPlan plan = planIn(service({"100m", "500m", "1Gi", "1Gi", {}, {}}), given);
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_THAT(plan.warnings[0].text, HasSubstr(R"(NoRoom. LimitRange "limits" allows a pod 1Gi)"));
  EXPECT_FALSE(plan.empty) << "the decision annotation";
  EXPECT_TRUE(plan.init_containers.empty());
}

}  // namespace
}  // namespace profiling::inject
