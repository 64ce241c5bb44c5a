#include "operator/cli/forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/engine/world.h"
#include "tests/unit/operator/cli/support.h"

namespace profiling::cli {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const char* const kManaged =
    "rollout: {workloads: {steps: [10, 50, 100], maxParallel: 2}, pods: {steps: [50, 100], soak: "
    "5m}, restart: {mode: Managed, cooldown: 10m, maxUnavailable: 1}}";

Workloads many(int count, const std::string& pods = "total: 4, missed: 4") {
  Workloads out;
  for (int i = 0; i < count; ++i) {
    out.push_back(workload("app-" + std::to_string(i), "pods: {" + pods + "}"));
  }
  return out;
}

TEST(Bucket, IsStableAndUniform) {
  EXPECT_EQ(engine::bucketOf("u-1", "shop/Deployment/web"),
            engine::bucketOf("u-1", "shop/Deployment/web"));
  EXPECT_NE(engine::bucketOf("u-1", "shop/Deployment/web"),
            engine::bucketOf("u-2", "shop/Deployment/web"));
  int low = 0;
  constexpr int kCount = 10'000;
  for (int i = 0; i < kCount; ++i) {
    const auto bucket = engine::bucketOf("uid", "shop/Deployment/app-" + std::to_string(i));
    ASSERT_LT(bucket, 10'000U);
    if (bucket < 1'000) ++low;
  }
  EXPECT_NEAR(low, kCount / 10, 150);  // five standard deviations
}

TEST(Forecast, WorkloadsAreInTheStepOfTheirBucket) {
  const Policy p = policy(kManaged, "");
  const Forecast f = forecast(p, many(40), {});
  EXPECT_EQ(f.taking_part, 40);
  EXPECT_EQ(f.change, 160);
  EXPECT_EQ(f.restarts, 160);
  std::uint32_t last = 0;
  for (const WorkloadForecast& w : f.workloads) {
    EXPECT_EQ(w.step, w.bucket < 1'000 ? 1U : w.bucket < 5'000 ? 2U : 3U) << w.name;
    EXPECT_GE(w.bucket, last);
    last = w.bucket;
  }
  ASSERT_THAT(f.steps, SizeIs(3));
  EXPECT_EQ(f.steps[0].workloads + f.steps[1].workloads + f.steps[2].workloads, 40);
}

TEST(Forecast, FirstStepHasAtLeastOneWorkload) {
  const Policy p = policy(kManaged, "");
  for (int i = 0; i < 20; ++i) {
    const Forecast f = forecast(p, {workload("one-" + std::to_string(i), "pods: {total: 1}")}, {});
    EXPECT_EQ(f.workloads.at(0).step, 1U);
  }
}

TEST(Forecast, DurationIsReplacementsSoaksAndCooldowns) {
  // 2 pods at 30 s, soak, 5 more minutes of cooldown, 2 pods, soak.
  const Forecast f = forecast(policy(kManaged, ""), many(1), {});
  EXPECT_EQ(f.duration, minutes(1) + minutes(5) + minutes(5) + minutes(1) + minutes(5));
  const Forecast slow = forecast(policy(kManaged, ""), many(1), {.pod_start = minutes(2)});
  EXPECT_EQ(slow.duration, minutes(4) + minutes(5) + minutes(5) + minutes(4) + minutes(5));
}

TEST(Forecast, OnlyReplacementsShareSlots) {
  const Policy all_at_once = policy(
      "rollout: {workloads: {maxParallel: 2}, pods: {soak: 5m}, restart: {mode: Managed}}", "");
  const Forecast f = forecast(all_at_once, many(10, "total: 2, missed: 2"), {});
  EXPECT_EQ(f.duration, seconds(10 * 2 * 30 / 2) + minutes(5));
}

TEST(Forecast, FinishedAndExcludedWorkloadsTakeNoTime) {
  const Workloads workloads{
      workload("done", "pods: {total: 3, profiled: 3}"),
      workload("partly", "pods: {total: 3, profiled: 2, outdated: 1, missed: 1}"),
      workload("odd",
               "pods: {total: 2, skipped: 2}, skippedReasons: [{reason: EnvValueFrom, pods: 2}]"),
      workload("mine", "pods: {total: 2, missed: 2}", "skip: true"),
      workload("kept", "pods: {total: 2, missed: 2}", "pin: aaaa")};
  const Forecast f = forecast(policy(kManaged, ""), workloads, {});
  EXPECT_EQ(f.taking_part, 2);
  EXPECT_EQ(f.left_out, 3);
  EXPECT_EQ(f.pods, 6);
  EXPECT_EQ(f.done, 4);
  EXPECT_EQ(f.restarts, 2);
  const auto text = joined(render(f, policy(kManaged, ""), {}));
  EXPECT_THAT(text, HasSubstr("EnvValueFrom"));
  EXPECT_THAT(text, HasSubstr("skipped (spec.skip)"));
  EXPECT_THAT(text, HasSubstr("pinned to aaaa"));
}

TEST(Forecast, DurationIsUnknownWithoutManagedRestarts) {
  const Policy p = policy("mode: Observe", "phase: Observing");
  const Forecast f = forecast(p, many(2), {});
  EXPECT_EQ(f.duration, std::nullopt);
  EXPECT_EQ(f.restarts, 0);
  EXPECT_EQ(f.change, 8);
  const auto text = joined(render(f, p, {}));
  EXPECT_THAT(text, HasSubstr("unknown: nothing is restarted"));
  EXPECT_THAT(text, HasSubstr("only observes"));
}

TEST(Forecast, WorkloadsBeyondTheLastStepAreReported) {
  const Forecast f = forecast(policy("rollout: {workloads: {steps: [50]}}", ""), many(40), {});
  EXPECT_EQ(f.taking_part + f.left_out, 40);
  EXPECT_GT(f.left_out, 0);
  EXPECT_THAT(f.notes.back(), HasSubstr("The last step is 50%"));
}

TEST(Forecast, NamespacesFollowTheWaves) {
  api::RolloutWave test;
  test.namespace_selector.match_labels["stage"] = "test";
  EXPECT_EQ(api::waveOf({test}, {{"stage", "test"}}), 0U);
  EXPECT_EQ(api::waveOf({test}, {{"stage", "production"}}), 1U);
  EXPECT_EQ(api::waveOf({}, {}), 0U);
  const Workloads workloads{workload("a", "pods: {total: 1}", "", "late"),
                            workload("b", "pods: {total: 1}", "", "early")};
  const Forecast f =
      forecast(policy(kManaged, ""), workloads, {.waves = {{"late", 1}, {"early", 0}}});
  EXPECT_EQ(f.workloads[0].namespace_, "early");
  EXPECT_EQ(f.workloads[1].step, 1U) << "each wave's first step has a workload";
  EXPECT_THAT(f.steps, SizeIs(2));
  EXPECT_EQ(toJson(f)["steps"][1]["wave"], 1);
}

}  // namespace
}  // namespace profiling::cli
