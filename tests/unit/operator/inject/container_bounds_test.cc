#include "operator/inject/container_bounds.h"

#include "operator/inject/snapshot.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using nlohmann::json;

ContainerBounds bounds(const char* items) {
  return boundsOf({{"spec", {{"limits", json::parse(items)}}}});
}

TEST(ContainerBounds, OnlyLimitsOfContainersCount) {
  const ContainerBounds b = bounds(R"([
    {"type":"Pod","min":{"cpu":"2"}},
    {"type":"Container","min":{"cpu":"50m","memory":"64Mi"},"max":{"memory":"1Gi"}},
    {"type":"Container","min":{"cpu":"100m"},"max":{"cpu":"4","memory":"2Gi"}}])");
  EXPECT_EQ(b.cpu_min, "100m");
  EXPECT_EQ(b.cpu_max, "4");
  EXPECT_EQ(b.memory_min, "64Mi");
  EXPECT_EQ(b.memory_max, "1Gi");
  EXPECT_FALSE(b.ratio);
}

TEST(ContainerBounds, TextThatIsNoQuantitySetsNoBound) {
  for (const char* items :
       {"[]", "{}", "7", R"([{"type":"Container"}])", R"([{"min":{"cpu":"1"}}])",
        R"([{"type":"Container","min":{"cpu":"much"},"max":7}])"}) {
    EXPECT_FALSE(bounds(items).any()) << items;
  }
  EXPECT_FALSE(boundsOf(json()).any());
}

TEST(ContainerBounds, ResourcesAreBroughtWithinTheBounds) {
  const ContainerBounds b = bounds(
      R"([{"type":"Container","min":{"cpu":"50m","memory":"64Mi"},"max":{"cpu":"2","memory":"48Mi"}}])");
  const api::ResourcesView got = within({"0", "", "0", "32Mi"}, b);
  EXPECT_EQ(got.cpu_request, "50m");
  EXPECT_EQ(got.cpu_limit, "2") << "a most demands a limit";
  EXPECT_EQ(got.memory_request, "64Mi");
  EXPECT_EQ(got.memory_limit, "64Mi") << "never below the request";
  const api::ResourcesView nothing = within({}, {});
  EXPECT_FALSE(nothing.any());
}

TEST(ContainerBounds, ARatioMakesRequestAndLimitEqual) {
  const ContainerBounds b = bounds(R"([{"type":"Container","maxLimitRequestRatio":{"cpu":"4"}}])");
  EXPECT_TRUE(b.ratio);
  const api::ResourcesView got = within({"0", "100m", "0", ""}, b);
  EXPECT_EQ(got.cpu_request, "100m");
  EXPECT_EQ(got.memory_request, "0");
}

TEST(ContainerBounds, TheSidecarStaysWithinThem) {
  api::PodView p = pod();
  annotate(p, api::kPprofPortKey, "6060");
  annotate(p, api::kInjectKey, "true");
  const NamespaceState state{
      {},
      {policy()},
      std::make_shared<const ContainerBounds>(ContainerBounds{"50m", "", "64Mi", ""})};
  Settings s = settings();
  s.native_sidecars = true;
  const InjectionPlan plan = planUnder(state.policies, p, s, nullptr, state.bounds.get());
  ASSERT_TRUE(plan.sidecar.has_value());
  EXPECT_EQ(plan.sidecar->resources.cpu_request, "50m");
  EXPECT_EQ(plan.sidecar->resources.memory_request, "64Mi");
  EXPECT_FALSE(planUnder(state.policies, p, s).sidecar->resources.any())
      << "neither the target nor the namespace has any";
}

}  // namespace
}  // namespace profiling::inject
