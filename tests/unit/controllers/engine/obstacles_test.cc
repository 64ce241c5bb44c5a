// Obstacles that appear in the middle of a step: they are no failure of the revision.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using api::RolloutReason;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

// Decides every five seconds; returns how often the record of the first workload was written.
int run(
    TestWorld& t, Duration time, const std::function<void()>& each = [] {}) {
  int writes = 0;
  for (const Time end = t.world.now + time; t.world.now < end; t.world.now += seconds(5)) {
    each();
    for (const Change& change : t.pass().changes) {
      writes += change.workload == 0 && change.differs ? 1 : 0;
    }
  }
  return writes;
}
void begin(TestWorld& t) {
  while (t.replaced.empty()) t.pass();
}
// A pod that the step has not reached yet is the last one in the order of replacement.
void lastPod(TestWorld& t, const std::function<void(Pod&)>& change) {
  std::size_t i = 0;
  const std::size_t last = t.workload(0).pods->size() - 1;
  t.eachPod(t.workload(0), [&](Pod& pod) {
    if (i++ == last) change(pod);
  });
}

struct MidStep {
  RolloutReason reason;
  std::string message;  // part of it
  std::function<void(TestWorld&)> make, end;
};
class MidStepObstacle : public testing::TestWithParam<MidStep> {};

TEST_P(MidStepObstacle, HoldsItsWorkloadOnlyAndNotForEver) {
  TestWorld t;
  t.plan.max_parallel = 1;
  t.plan.workload_steps = {50, 100};
  t.add("web", 6);
  t.add("other", 3);
  t.workload(1).bucket = 1;
  t.add("later", 3);
  t.workload(2).bucket = 9000;
  begin(t);
  ASSERT_EQ(t.record(0).state, State::kStepping);
  int writes = run(t, minutes(20), [&] { GetParam().make(t); });
  EXPECT_EQ(t.record(1).state, State::kComplete) << "the slot went to another workload";
  writes += run(t, minutes(70), [&] { GetParam().make(t); });
  EXPECT_EQ(t.record(0).state, State::kPaused);
  EXPECT_EQ(t.record(0).reason, GetParam().reason) << t.record(0).reason.text();
  EXPECT_THAT(t.record(0).message, HasSubstr(GetParam().message));
  EXPECT_EQ(t.record(0).verdict.result, Verdict::kInconclusive);
  EXPECT_EQ(t.world.record.failed, 0);
  EXPECT_EQ(t.world.record.held, 1);
  EXPECT_TRUE(t.world.record.reason.empty()) << t.world.record.message;
  EXPECT_EQ(t.record(2).state, State::kComplete) << "the policy went on";
  EXPECT_LE(writes, 20);
  EXPECT_EQ(run(t, hours(1), [&] { GetParam().make(t); }), 0) << "nothing has changed";
  run(t, minutes(30), [&] { GetParam().end(t); });
  EXPECT_EQ(t.record(0).state, State::kComplete) << t.record(0).reason.text();
  EXPECT_EQ(t.on(t.workload(0)), 6);
  EXPECT_EQ(t.plan.stable, kTarget);
}

TEST_P(MidStepObstacle, StatesAtOnceWhatTheStepWaitsFor) {
  TestWorld t;
  t.add("web", 6);
  begin(t);
  run(t, minutes(1), [&] { GetParam().make(t); });
  EXPECT_EQ(t.record(0).state, State::kStepping);
  EXPECT_EQ(t.record(0).reason, GetParam().reason) << t.record(0).reason.text();
  run(t, minutes(30), [&] { GetParam().end(t); });
  EXPECT_EQ(t.record(0).state, State::kComplete);
}

const MidStep kMidStep[] = {
    {RolloutReason::kOwnerPaused, "paused",
     [](TestWorld& t) { t.workload(0).owner->paused = true; },
     [](TestWorld& t) { t.workload(0).owner->paused = false; }},
    {RolloutReason::kOwnerRollingOut, "own rollout",
     [](TestWorld& t) { t.workload(0).owner->rolling_out = true; },
     [](TestWorld& t) { t.workload(0).owner->rolling_out = false; }},
    {RolloutReason::kOwnerUnreadable, "forbidden",
     [](TestWorld& t) { t.workload(0).owner->unreadable = "forbidden"; },
     [](TestWorld& t) { t.workload(0).owner->unreadable.clear(); }},
    {RolloutReason::kDisruptionBudgetExhausted, "PodDisruptionBudget web-pdb allows no disruption",
     [](TestWorld& t) {
       t.workload(0).owner->disruptions_allowed = false;
       t.workload(0).owner->budgets = {"web-pdb"};
     },
     [](TestWorld& t) { t.workload(0).owner->disruptions_allowed = true; }},
    {RolloutReason::kSeveralDisruptionBudgets, "web-pdb, all-pdb",
     [](TestWorld& t) {
       t.workload(0).owner->budgets = {"web-pdb", "all-pdb"};
     },
     [](TestWorld& t) { t.workload(0).owner->budgets = {"web-pdb"}; }},
    {RolloutReason::kActionRefused, "no",
     [](TestWorld& t) {
       t.workload(0).setback = Setback{RolloutReason::kActionRefused, "no"};
     },
     [](TestWorld& t) { t.workload(0).setback.reset(); }},
    {RolloutReason::kUnhealthyBefore, "web-5",
     [](TestWorld& t) { lastPod(t, [](Pod& pod) { pod.ready = false; }); },
     [](TestWorld& t) { lastPod(t, [](Pod& pod) { pod.ready = true; }); }}};
std::string midStepName(const testing::TestParamInfo<MidStep>& row) {
  return std::string(api::RecordedReason(row.param.reason).text());
}
INSTANTIATE_TEST_SUITE_P(All, MidStepObstacle, testing::ValuesIn(kMidStep), midStepName);

// Its successor is there already, as a Deployment makes it at once.
TEST(MidStep, APodThatTerminatesForEverIsNotAwaited) {
  TestWorld t;
  t.add("web", 3);
  Pods pods = *t.workload(0).pods;
  pods.push_back(pods[0]);
  pods.back().name = pods.back().uid = "web-dead";
  pods.back().deleting = true;
  t.workload(0).pods = std::make_shared<const Pods>(pods);
  run(t, minutes(30));
  EXPECT_EQ(t.record(0).state, State::kComplete) << t.record(0).reason.text();
  EXPECT_EQ(t.on(t.workload(0)), 3);
}

TEST(MidStep, APodWhoseSuccessorWaitsForItsEndIsNamedAndNotAFailure) {
  TestWorld t;
  t.add("db", 3, "StatefulSet");
  begin(t);
  const auto stuck = [&] {
    lastPod(t, [](Pod& pod) {
      pod.deleting = true;
      pod.ready = false;
    });
  };
  run(t, minutes(10), stuck);
  EXPECT_EQ(t.record(0).reason, RolloutReason::kPodsTerminating) << t.record(0).reason.text();
  EXPECT_THAT(t.record(0).message, HasSubstr("db-2"));
  run(t, minutes(70), stuck);
  EXPECT_EQ(t.record(0).state, State::kPaused);
  EXPECT_EQ(t.record(0).verdict.result, Verdict::kInconclusive);
  EXPECT_EQ(t.world.record.failed, 0);
  run(t, minutes(30), [&] {
    lastPod(t, [](Pod& pod) { pod.deleting = false, pod.ready = true, pod.revision = kTarget; });
  });
  EXPECT_EQ(t.record(0).state, State::kComplete) << t.record(0).reason.text();
}

TEST(MidStep, AStepThatTakesItsCourseSaysSo) {
  TestWorld t;
  t.add("web", 6);
  begin(t);
  EXPECT_EQ(t.record(0).reason, RolloutReason::kReplacingPods);
}

TEST(MidStep, PodsThatCrashAreSeenWhileTheStepWaits) {
  TestWorld t;
  t.plan.pod_steps = {50, 100};
  t.add("web", 6);
  begin(t);
  run(t, minutes(20), [&] { t.workload(0).owner->paused = true; });
  ASSERT_EQ(t.record(0).state, State::kPreflight);
  t.eachPod(t.workload(0), [](Pod& pod) {
    if (pod.revision != kTarget) return;
    pod.ready = false;
    pod.restarts = 2;
    pod.failure = Failure{"app", false, false, 139, "Error", "", "", {}};
  });
  t.pass();
  EXPECT_EQ(t.record(0).rejected_revision, kTarget);
}

void scale(TestWorld& t, std::int64_t replicas) {
  Workload& w = t.workload(0);
  Pods pods;
  for (std::int64_t i = 0; i < replicas; ++i) {
    Pod pod;
    pod.name = pod.uid = "new-" + std::to_string(i);
    pod.ready = true;
    pod.created = t.world.now;
    const bool first = !w.record.target_pods || i < *w.record.target_pods;
    if (first) pod.revision = w.record.assigned_revision;
    pods.push_back(pod);
  }
  w.owner->replicas = replicas;
  w.pods = std::make_shared<const Pods>(pods);
}

TEST(ScaledToZero, EndsTheStepWithAReasonAndBeginsItAgain) {
  for (const State at : {State::kStepping, State::kSoaking}) {
    TestWorld t;
    t.plan.pod_steps = {50, 100};
    t.plan.workload_steps = {50, 100};
    t.add("web", 4);
    t.add("later", 3);
    t.workload(1).bucket = 9000;
    while (t.record(0).state != at || t.replaced.empty()) run(t, seconds(5));
    scale(t, 0);
    run(t, minutes(15));
    EXPECT_EQ(t.record(0).state, State::kSkipped);
    EXPECT_EQ(t.record(0).reason, RolloutReason::kNoPods);
    EXPECT_EQ(t.record(0).step, 1);
    EXPECT_EQ(t.record(1).state, State::kComplete) << "the policy went on";
    scale(t, 4);
    run(t, minutes(30));
    EXPECT_EQ(t.record(0).state, State::kComplete) << t.record(0).reason.text();
    EXPECT_EQ(t.on(t.workload(0)), 4);
  }
}

TEST(ScaledToZero, AProbeProvesNothing) {
  TestWorld t;
  t.add("web", 4);
  begin(t);
  t.workload(0).record.probe = true;
  scale(t, 0);
  t.pass();
  EXPECT_EQ(t.record(0).state, State::kSkipped);
  EXPECT_EQ(t.record(0).step, 0);
}

TEST(Partition, AStatefulSetBelowItsPartitionTakesNoPart) {
  TestWorld t;
  t.plan.workload_steps = {50, 100};
  t.add("db", 3, "StatefulSet").owner->partition = 3;
  t.add("later", 3);
  t.workload(1).bucket = 9000;
  run(t, minutes(20));
  EXPECT_EQ(t.record(0).state, State::kSkipped);
  EXPECT_EQ(t.record(0).reason, RolloutReason::kBelowPartition);
  EXPECT_THAT(t.record(0).message, HasSubstr("(3)"));
  EXPECT_THAT(t.record(0).assigned_revision, IsEmpty());
  EXPECT_EQ(t.record(1).state, State::kComplete);
  EXPECT_EQ(run(t, minutes(30)), 0) << "nothing has changed";
  t.workload(0).owner->partition = 0;
  run(t, minutes(30));
  EXPECT_EQ(t.record(0).state, State::kComplete);
}

TEST(Partition, PodsThatNeverComeDoNotHoldThePolicy) {
  TestWorld t;
  t.plan.workload_steps = {50, 100};
  t.add("web", 0).owner->replicas = 3;
  t.add("later", 3);
  t.workload(1).bucket = 9000;
  run(t, minutes(59));
  EXPECT_EQ(t.record(0).reason, RolloutReason::kPodsMissing);
  EXPECT_EQ(t.record(1).reason, RolloutReason::kNotYet);
  run(t, minutes(30));
  EXPECT_EQ(t.record(0).state, State::kSkipped);
  EXPECT_EQ(t.record(1).state, State::kComplete);
  EXPECT_EQ(run(t, hours(2)), 0) << "nothing has changed";
  scale(t, 3);
  run(t, minutes(30));
  EXPECT_EQ(t.record(0).state, State::kComplete);
}

TEST(MinReadySeconds, TheNextPodGoesWhenTheLastOneIsAvailable) {
  TestWorld t;
  t.add("web", 4).owner->available = 4;
  begin(t);
  run(t, minutes(2), [&] { t.workload(0).owner->available = 3; });
  EXPECT_EQ(t.replaced.size(), 1U) << "it is ready, and not available";
  run(t, minutes(2), [&] { t.workload(0).owner->available = 4; });
  EXPECT_EQ(t.replaced.size(), 4U);
}

TEST(PolicyGone, APolicyThatIsAppliedAgainInAMomentCostsNoPod) {
  TestWorld t;
  t.add("web", 4);
  run(t, minutes(20));
  ASSERT_EQ(t.record(0).state, State::kComplete);
  t.replaced.clear();
  const std::vector<std::string> revisions = std::exchange(t.plan.revisions, {});
  run(t, seconds(30));
  EXPECT_EQ(t.record(0).reason, RolloutReason::kPolicyGone);
  EXPECT_THAT(t.record(0).assigned_revision, IsEmpty()) << "new pods come without the agent";
  EXPECT_THAT(t.replaced, IsEmpty());
  t.plan.revisions = revisions;
  run(t, minutes(20));
  EXPECT_EQ(t.record(0).state, State::kComplete);
  EXPECT_THAT(t.replaced, IsEmpty());
  t.plan.revisions.clear();
  run(t, minutes(20));
  EXPECT_EQ(t.on(t.workload(0)), 0);
}

TEST(PolicyGone, PodsThatDoNotRunDoNotWait) {
  TestWorld t;
  t.add("web", 4);
  run(t, minutes(20));
  t.replaced.clear();
  lastPod(t, [](Pod& pod) {
    pod.ready = false;
    pod.restarts = 2;
    pod.failure = Failure{"app", false, false, 139, "Error", "", "", {}};
  });
  t.plan.revisions.clear();
  run(t, seconds(10));
  EXPECT_THAT(t.replaced, testing::Contains("web-3"));
}

TEST(RollingBack, APodThatIsRefusedIsNotAskedForAgainAtOnce) {
  TestWorld t;
  t.add("web", 4);
  run(t, minutes(20));
  t.replaced.clear();
  t.plan.revisions.clear();
  const auto refuse = [&] { t.eachPod(t.workload(0), [](Pod& pod) { pod.refused = true; }); };
  EXPECT_LE(run(t, minutes(10), refuse), 1);
  EXPECT_THAT(t.replaced, IsEmpty());
}

TEST(Setback, WhereTheApiServerDidNothingNoOutcomeIsAwaited) {
  for (const bool known : {false, true}) {
    TestWorld t;
    t.plan.method = api::RestartMethod::kEvict;
    t.lags = true;  // it is never carried out
    t.add("web", 4);
    t.settle();
    const std::string asked = t.record(0).last_restart;
    ASSERT_FALSE(asked.empty());
    t.workload(0).nothing_went = known;
    t.after(seconds(5));
    EXPECT_EQ(t.record(0).last_restart != asked, known) << "it is asked again";
  }
}

}  // namespace
}  // namespace profiling::engine
