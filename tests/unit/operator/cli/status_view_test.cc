#include "operator/cli/status_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/cli/history.h"
#include "tests/unit/operator/cli/support.h"

namespace profiling::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSteps = "rollout: {workloads: {steps: [10, 50, 100]}}";
constexpr const char* kMoving =
    "phase: Progressing, targetRevision: bbbb, stableRevision: aaaa, "
    "pods: {matched: 40, profiled: 10, ready: 9, outdated: 2, missed: 5, waiting: 25}, "
    "rollout: {revision: bbbb, wave: 0, waves: 1, step: 2, steps: 3, pending: 7, active: 2, "
    "held: 1, complete: 2, reason: AwaitingSoak, message: one workload soaks}";

std::string all(const std::vector<std::string>& lines) {
  return joined(lines);
}

TEST(Status, HeadShowsPhaseRevisionStepAndCounts) {
  const auto head = headOf(policy(kSteps, kMoving), {});
  EXPECT_THAT(
      head,
      ElementsAre("Policy:      policy/checkout", "Namespace:   shop", "Phase:       Progressing",
                  "Revision:    aaaa -> bbbb", "Step:        2/3 (50% of the workloads)",
                  "Workloads:   7 pending, 2 active, 1 held, 2 complete, 0 failed, 0 skipped",
                  "Pods:        [##........] 10/40 profiled, 9 ready, 2 outdated, 30 pending, 0 "
                  "skipped",
                  "Reason:      AwaitingSoak", "Message:     one workload soaks"));
}

TEST(Status, PhaseMarksAPauseAndAStaleStatus) {
  EXPECT_THAT(all(headOf(policy("rollout: {paused: true}", kMoving), {})),
              HasSubstr("Progressing (spec.rollout.paused is set)"));
  Policy old = policy("", kMoving);
  old.metadata.generation = 3;
  EXPECT_THAT(all(headOf(old, {})), HasSubstr("Progressing (stale)"));
  EXPECT_THAT(all(headOf(policy("", ""), {})), HasSubstr("Unknown"));
}

TEST(Status, ReasonIsTheReadyConditionsWithoutARollout) {
  const auto head = headOf(policy("",
                                  "phase: Degraded, conditions: [{type: Ready, status: 'False', "
                                  "reason: ServerNotFound, message: there is none, "
                                  "lastTransitionTime: '2026-08-01T12:00:00Z'}]"),
                           {});
  EXPECT_THAT(all(head), HasSubstr("ServerNotFound"));
  EXPECT_THAT(all(head), Not(HasSubstr("Step")));
}

TEST(Status, WorkloadsThatNeedAttentionComeFirst) {
  Workloads workloads{
      inState("k", "Skipped"),     inState("j", "Complete"),   inState("i", "Pending"),
      inState("h", "Preflight"),   inState("g", "Baselining"), inState("f", "Evaluating"),
      inState("e", "Soaking"),     inState("d", "Stepping"),   inState("c", "RolledBack"),
      inState("b", "RollingBack"), inState("a", "Paused"),     workload("z", "phase: Missed")};
  sortByUrgency(workloads);
  std::string order;
  for (const auto& w : workloads) order += w.status.workload_ref.name;
  EXPECT_EQ(order, "abcdefghizjk");
}

TEST(Status, RowHasStateStepProgressVerdictAndAge) {
  const auto held = workload(
      "web",
      "pods: {total: 4, profiled: 2}, rollout: {state: Paused, reason: Inconclusive, step: 1, "
      "steps: 3, since: '2026-08-01T11:45:00Z', stableRevision: aaaa, targetRevision: bbbb, "
      "assignedRevision: bbbb, overhead: {cpuPercent: 7, memoryBytes: 33554432, samples: 5}, "
      "verdict: {result: Inconclusive, attribution: Unknown, reason: NoProfiles, message: none "
      "arrived}}");
  EXPECT_THAT(render(workloadTable({held}, {}, noon(), {}), {}),
              ElementsAre("WORKLOAD         STATE    STEP   PODS               VERDICT        "
                          "REASON         AGE",
                          "deployment/web   Paused   1/3    [#####.....] 2/4   Inconclusive   "
                          "Inconclusive   15m"));
  const auto wide = render(workloadTable({held}, {true, true}, noon(), {}), {});
  EXPECT_THAT(wide[0], HasSubstr("NAMESPACE   WORKLOAD"));
  EXPECT_THAT(wide[1], HasSubstr("cpu 7%, 32Mi   Unknown   none arrived"));
}

TEST(Status, LogLinesContainNoAges) {
  const auto soaking = workload("web",
                                "pods: {total: 4, profiled: 2}, rollout: {state: Soaking, step: 1, "
                                "steps: 3, since: '2026-08-01T11:45:00Z'}");
  EXPECT_EQ(workloadLine(soaking, true), "shop/deployment/web: Soaking, step 1/3, pods 2/4");
  EXPECT_EQ(policyLine(policy(kSteps, kMoving)),
            "policy/checkout: Progressing, revision bbbb, step 2/3, workloads 7 pending, 2 active, "
            "1 held, 2 complete, 0 failed, 0 skipped: AwaitingSoak: one workload soaks");
}

TEST(Outcome, IsKnownOnlyWhenActiveOrHaltedAndNotStale) {
  EXPECT_EQ(outcome(policy("", "phase: Active"), noon()), 0);
  EXPECT_EQ(outcome(policy("", "phase: Observing"), noon()), 0);
  EXPECT_EQ(outcome(policy("", "phase: Halted"), noon()), 1);
  for (const char* phase :
       {"Progressing", "Paused", "AwaitingApproval", "RollingBack", "Degraded"}) {
    EXPECT_EQ(outcome(policy("", std::string("phase: ") + phase), noon()), std::nullopt) << phase;
  }
  Policy changed = policy("", "phase: Active");
  changed.metadata.generation = 3;
  EXPECT_EQ(outcome(changed, noon()), std::nullopt);
  Policy retried = policy("", "phase: Halted");
  retried.metadata.annotations["profiling.dev/retry"] = "2026-08-01T11:59:58Z";
  EXPECT_EQ(outcome(retried, noon()), std::nullopt);
  EXPECT_EQ(outcome(retried, noon() + std::chrono::minutes(1)), 1);
}

TEST(History, IsNewestFirstAcrossWorkloads) {
  const auto a = workload("a",
                          "rollout: {history: [{revision: r3, result: Complete, time: "
                          "'2026-08-01T11:00:00Z'}, {revision: r1, result: Superseded, time: "
                          "'2026-07-01T11:00:00Z'}]}");
  const auto b = workload("b",
                          "rollout: {history: [{revision: r2, result: RolledBack, reason: "
                          "CrashLoop, time: '2026-07-31T12:00:00Z'}]}");
  const auto lines = render(historyTable({a, b}, false, noon()), {});
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[2],
            "deployment/b   r2         RolledBack   CrashLoop   2026-07-31T12:00:00Z   24h");
  EXPECT_EQ(historyJson({a, b})["history"][2]["revision"], "r1");
}

}  // namespace
}  // namespace profiling::cli
