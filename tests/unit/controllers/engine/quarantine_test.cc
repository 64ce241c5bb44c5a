// What an agent broke once: blocked everywhere, tried in one pod first, free when that pod is well.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kNext = "2222222222";
constexpr const char* kImage = "sha256:aaaa";

// Three workloads, two of one image; the agent breaks it.
class Quarantine : public testing::Test {
 protected:
  Quarantine() {
    for (const char* name : {"one", "two", "other"}) t.add(name, 4);
    t.images = {{"shop/Deployment/one", kImage},
                {"shop/Deployment/two", kImage},
                {"shop/Deployment/other", "sha256:bbbb"}};
    t.plan.max_parallel = 1;
    t.plan.failure_budget = 10;
    t.plan.pod_steps = {25, 100};
  }
  // The first one fails and is undone, while the others have not begun.
  void breakFirst() {
    t.crashing = {kTarget};
    while (t.record(0).state != State::kRolledBack) t.pass();
    t.crashing.clear();
  }
  void soak(int times) {
    for (int i = 0; i < times; ++i) t.after(minutes(6));
  }
  // A later agent, by a change of the policy.
  void nextRevision(const char* agent) {
    t.plan.revisions = {kNext};
    t.agent = agent;
  }
  TestWorld t;
};

TEST_F(Quarantine, BlocksOnlyTheImageWithThatAgent) {
  breakFirst();
  ASSERT_THAT(t.record(0).quarantine, SizeIs(1));
  EXPECT_EQ(t.record(0).quarantine[0].image, kImage);
  EXPECT_EQ(t.record(0).quarantine[0].agent, "java 1.0");
  soak(4);
  EXPECT_EQ(t.on(t.workload(1)), 0);
  EXPECT_EQ(t.record(1).state, State::kSkipped);
  EXPECT_EQ(t.record(1).reason, api::RolloutReason::kQuarantined);
  EXPECT_THAT(t.record(1).message, HasSubstr("java 1.0"));
  EXPECT_THAT(t.record(1).message, HasSubstr(kImage));
  EXPECT_THAT(t.record(1).message, HasSubstr("shop/Deployment/one"));
  EXPECT_EQ(t.record(2).state, State::kComplete) << "another image goes on";
}

TEST_F(Quarantine, AppliesToOtherPoliciesWithoutNamingTheWorkload) {
  t.world.workloads.clear();
  t.add("two", 4);
  t.world.quarantine = {{"bank/Deployment/x", {kImage, "java 1.0", "bank/all", "9999999999", ""}}};
  t.workload(0).images = {kImage};
  t.workload(0).agents = {"java 1.0"};
  const Decision result = decide(t.plan, t.world);
  ASSERT_THAT(result.changes, SizeIs(1));
  EXPECT_EQ(result.changes[0].record.reason, api::RolloutReason::kQuarantined);
  EXPECT_THAT(result.changes[0].record.message, Not(HasSubstr("bank/Deployment/x")));
  t.workload(0).agents = {"python 1.0"};
  EXPECT_NE(decide(t.plan, t.world).changes.at(0).record.reason, api::RolloutReason::kQuarantined)
      << "it was the agent of another language";
}

TEST_F(Quarantine, AnotherVersionIsTriedInOnePodOfOneWorkloadFirst) {
  breakFirst();
  soak(4);
  nextRevision("java 1.1");
  t.settle();
  EXPECT_EQ(t.on(t.workload(0), kNext) + t.on(t.workload(1), kNext), 1);
  EXPECT_EQ(t.record(0).probe + t.record(1).probe, 1);
  t.after(minutes(6));
  EXPECT_THAT(t.record(0).cleared.empty() ? t.record(1).cleared : t.record(0).cleared, SizeIs(1));
  soak(8);
  EXPECT_EQ(t.record(0).state, State::kComplete);
  EXPECT_EQ(t.record(1).state, State::kComplete);
  EXPECT_THAT(t.record(0).quarantine, IsEmpty()) << "what runs everywhere breaks nothing";
}

TEST_F(Quarantine, NoOtherProbeBeginsWhileTheProbesOnlyPodIsAway) {
  breakFirst();
  nextRevision("java 1.1");
  while (!t.record(0).probe && !t.record(1).probe) t.pass();
  const std::size_t probing = t.record(0).probe ? 0 : 1;
  t.readQuarantine();
  t.workload(probing).pods = std::make_shared<const Pods>();
  t.workload(probing).images.clear();
  for (const Change& change : decide(t.plan, t.world).changes) {
    EXPECT_TRUE(change.workload == probing || !change.record.probe);
  }
}

TEST_F(Quarantine, AProbeThatFailsBlocksTheNextVersionToo) {
  breakFirst();
  nextRevision("java 1.1");
  t.crashing = {kNext};
  soak(4);
  EXPECT_EQ(t.on(t.workload(0), kNext) + t.on(t.workload(1), kNext), 0);
  const int replaced = static_cast<int>(
      std::count_if(t.replaced.begin(), t.replaced.end(),
                    [](const std::string& pod) { return pod.starts_with("two"); }));
  EXPECT_LE(replaced, 2) << "one pod at the most, and that one back";
}

TEST_F(Quarantine, AnEditOfThePolicyIsTriedInOnePodTooWithTheSameAgent) {
  breakFirst();
  nextRevision("java 1.0");
  t.settle();
  EXPECT_EQ(t.on(t.workload(0), kNext) + t.on(t.workload(1), kNext), 1);
  soak(10);
  EXPECT_EQ(t.on(t.workload(1), kNext), 4);
}

TEST_F(Quarantine, RetryClearsTheQuarantine) {
  breakFirst();
  soak(1);
  t.plan.retried = t.world.now;
  t.after(minutes(1));
  EXPECT_THAT(t.record(0).quarantine, IsEmpty());
  soak(6);
  EXPECT_EQ(t.record(0).state, State::kComplete);
  EXPECT_EQ(t.record(1).state, State::kComplete);
}

TEST_F(Quarantine, AnApprovedWorkloadIsNotQuarantined) {
  breakFirst();
  t.workload(1).overrides.approve = kTarget;
  soak(10);
  EXPECT_EQ(t.record(1).state, State::kComplete);
}

TEST_F(Quarantine, AnUnknownCauseQuarantinesNothing) {
  t.crashing = {kTarget};
  t.images.clear();  // the digest is not known
  while (t.record(0).state != State::kRolledBack) t.pass();
  EXPECT_THAT(t.record(0).quarantine, IsEmpty());
}

TEST_F(Quarantine, ARunningMoveContinuesWithoutMorePods) {
  t.plan.max_parallel = 2;
  while (t.record(1).state != State::kSoaking) t.pass();
  t.eachPod(t.workload(0), [&](Pod& pod) {
    if (pod.revision != kTarget) return;
    pod.ready = false;
    pod.restarts = 3;
    pod.failure = Failure{"app", false, false, 139, "Error", "", kImage, {"java 1.0"}};
  });
  t.settle();
  soak(3);
  EXPECT_EQ(t.on(t.workload(1)), 1);
  EXPECT_EQ(t.record(1).reason, api::RolloutReason::kQuarantined);
}

TEST_F(Quarantine, APodStartedBeforeItsImageWasKnownIsJudgedAsItIs) {
  breakFirst();
  soak(4);
  ASSERT_EQ(t.record(1).reason, api::RolloutReason::kQuarantined);
  t.eachPod(t.workload(1), [&](Pod& pod) {
    if (pod.name != "two-0") return;
    pod.revision = kTarget;
    pod.ready = false;
    pod.restarts = 3;
    pod.failure = Failure{"app", false, false, 139, "Error", "", kImage, {"java 1.0"}};
  });
  t.settle();
  EXPECT_EQ(t.record(1).state, State::kRolledBack);
  EXPECT_EQ(t.on(t.workload(1)), 0);
}

TEST_F(Quarantine, AnUnstagedPolicyKeepsTheAgentFromNewPods) {
  t.plan.mode = api::RestartMode::kOnOwnerChange;
  t.plan.pod_steps = {100};
  ASSERT_TRUE(t.plan.immediate());
  Workload& failing = t.workload(0);
  failing.record.quarantine = {{kImage, "java 1.0", t.plan.policy, kTarget, ""}};
  failing.record.state = State::kRolledBack;
  failing.record.target_revision = failing.record.rejected_revision = kTarget;
  t.workload(1).steady = "";
  t.settle();
  EXPECT_EQ(t.record(1).reason, api::RolloutReason::kQuarantined);
  EXPECT_EQ(t.record(1).assigned_revision, "");
  EXPECT_EQ(t.record(1).target_revision, kTarget) << "so that the webhook honours the record";
}

// The overhead budget holds for a workload as a whole: the last thing to try before going back.
class Share : public testing::Test {
 protected:
  Share() {
    t.plan.gates.max_cpu_percent = 5;
    t.add("web", 10);
  }
  void measure(std::int64_t percent) {
    t.eachPod(t.workload(0), [&](Pod& pod) {
      pod.cpu_milli = pod.revision.empty() ? 1000 : 1000 + 10 * percent;
      pod.memory_bytes = 100 << 20;
      pod.samples = 5;
    });
  }
  void run(std::int64_t percent, int times) {
    for (int i = 0; i < times; ++i) {
      measure(percent);
      t.after(minutes(3));
    }
  }
  TestWorld t;
};

TEST_F(Share, IsTheLargestWithinTheBudget) {
  t.plan.pod_steps = {20, 100};
  run(15, 12);
  EXPECT_EQ(t.record(0).state, State::kComplete);
  EXPECT_EQ(t.record(0).share, 25);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kSmallerShare);
  EXPECT_EQ(t.on(t.workload(0)), 3) << "25 % of ten, rounded up";
  EXPECT_EQ(t.record(0).target_pods, 3);
  EXPECT_EQ(t.record(0).assigned_revision, kTarget);
  EXPECT_EQ(t.record(0).stable_revision, "") << "the others get no agent";
  EXPECT_THAT(t.replaced, SizeIs(3)) << "no pod is restarted to take back what it never had";
}

TEST_F(Share, RollsBackPodsAboveTheShare) {
  t.plan.pod_steps = {50, 100};
  run(2, 4);
  ASSERT_EQ(t.on(t.workload(0)), 10);
  // At full load the same agent costs more than at a step of a few pods. The baseline is compared.
  run(9, 12);
  EXPECT_EQ(t.record(0).share, 50);
  EXPECT_EQ(t.on(t.workload(0)), 5);
  EXPECT_EQ(t.record(0).state, State::kComplete);
}

TEST_F(Share, TheNextStepKeepsTheCooldown) {
  t.plan.pod_steps = {20, 30, 100};
  t.plan.soak = Duration(0);
  t.plan.cooldown = minutes(30);
  measure(9);
  t.settle();
  measure(9);
  t.settle();
  EXPECT_EQ(t.record(0).share, 50);
  EXPECT_EQ(t.record(0).step, 2);
  EXPECT_EQ(t.record(0).reason, api::RolloutReason::kCooldown);
  EXPECT_EQ(t.on(t.workload(0)), 2);
}

TEST_F(Share, IsRefilledWhenItsPodsGo) {
  t.plan.pod_steps = {20, 100};
  run(9, 12);
  ASSERT_EQ(t.on(t.workload(0)), 5);
  t.eachPod(t.workload(0), [](Pod& pod) { pod.revision.clear(); });
  t.after(minutes(20));
  EXPECT_EQ(t.on(t.workload(0)), 5);
}

TEST_F(Share, ThatStillCostsTooMuchIsRolledBack) {
  t.plan.pod_steps = {20, 100};
  run(90, 12);
  EXPECT_EQ(t.record(0).state, State::kRolledBack);
  EXPECT_EQ(t.on(t.workload(0)), 0);
}

TEST_F(Share, ComesAfterTheRevisionsThatProfileLess) {
  t.plan.pod_steps = {20, 100};
  t.plan.revisions = {kTarget, kNext};
  run(9, 16);
  EXPECT_EQ(t.record(0).target_revision, kNext);
  EXPECT_EQ(t.record(0).share, 50);
  EXPECT_EQ(t.on(t.workload(0), kNext), 5);
  EXPECT_EQ(t.on(t.workload(0), kTarget), 0);
}

TEST_F(Share, IsNoRemedyForMemory) {
  t.plan.pod_steps = {20, 100};
  t.plan.gates.max_cpu_percent.reset();
  t.plan.gates.max_memory_bytes = 10 << 20;
  for (int i = 0; i < 12; ++i) {
    t.eachPod(t.workload(0), [&](Pod& pod) {
      pod.cpu_milli = 100;
      pod.memory_bytes = std::int64_t{pod.revision.empty() ? 100 : 200} << 20;
      pod.samples = 5;
    });
    t.after(minutes(3));
  }
  EXPECT_EQ(t.record(0).state, State::kRolledBack);
}

TEST_F(Share, AnotherRevisionBeginsWithAllPods) {
  t.plan.pod_steps = {20, 100};
  run(9, 12);
  ASSERT_EQ(t.record(0).share, 50);
  t.plan.revisions = {kNext};
  run(1, 12);
  EXPECT_FALSE(t.record(0).share);
  EXPECT_EQ(t.on(t.workload(0), kNext), 10);
}

TEST_F(Quarantine, WhatOneNamespaceHasSeenConcernsItAlone) {
  breakFirst();
  ASSERT_THAT(t.record(0).quarantine, SizeIs(1));
  t.workload(1).key = "bank/Deployment/two";
  t.images["bank/Deployment/two"] = kImage;
  t.concerned = "shop";
  soak(10);
  EXPECT_NE(t.record(1).reason, api::RolloutReason::kQuarantined);
  t.concerned.clear();
  TestWorld everywhere = t;
  everywhere.workload(1).record = {};
  for (int i = 0; i < 4; ++i) everywhere.after(minutes(6));
  EXPECT_EQ(everywhere.record(1).reason, api::RolloutReason::kQuarantined);
}

}  // namespace
}  // namespace profiling::engine
