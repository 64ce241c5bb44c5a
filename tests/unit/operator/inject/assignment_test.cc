// Which revision a pod gets, from what its workload's record says.
#include "operator/inject/assignment.h"

#include <gtest/gtest.h>

namespace profiling::inject {
namespace {

constexpr const char* kNow = "2222222222";
constexpr const char* kBefore = "1111111111";

struct Case {
  std::shared_ptr<api::EffectivePolicy> policy = std::make_shared<api::EffectivePolicy>();
  std::optional<Assignment> a;
  Share share;
  std::int64_t ordinal = -1;

  Case() {
    policy->policy.metadata.name = "p";
    policy->revision = kNow;
    auto old = std::make_shared<api::EffectivePolicy>(*policy);
    old->revision = kBefore;
    policy->revisions = {old};
  }
  Case& staged() {
    policy->policy.spec.rollout.emplace().pods.steps = {10, 100};
    return *this;
  }
  Case& record(std::string target, std::string stable, std::string assigned) {
    a = Assignment{"ProfilingPolicy",
                   "p",
                   std::move(target),
                   std::move(stable),
                   std::move(assigned),
                   "",
                   std::nullopt,
                   std::nullopt,
                   false};
    return *this;
  }
  std::string gets() const {
    const RevisionChoice choice = chooseRevision(policy, a ? &*a : nullptr, ordinal, share);
    return choice.policy ? choice.policy->revision : std::string(reasonName(choice.reason));
  }
};

TEST(Assignment, WithoutStepsNewPodsGetTheCurrentRevisionAtOnce) {
  EXPECT_EQ(Case().gets(), kNow);
  EXPECT_EQ(Case().record(kBefore, kBefore, kBefore).gets(), kNow) << "the engine has not seen it";
}

TEST(Assignment, WithStepsAWorkloadWithoutARecordGetsTheStableRevision) {
  Case c;
  c.staged();
  EXPECT_EQ(c.gets(), "AwaitingRollout");
  c.policy->policy.status.stable_revision = kBefore;
  EXPECT_EQ(c.gets(), kBefore);
}

TEST(Assignment, TheRecordDecidesAndNotTheNewestRevision) {
  EXPECT_EQ(Case().staged().record(kNow, kBefore, kBefore).gets(), kBefore);
  EXPECT_EQ(Case().staged().record(kNow, "", "").gets(), "AwaitingRollout");
  EXPECT_EQ(Case().staged().record(kNow, "", kNow).gets(), kNow);
}

TEST(Assignment, OutsideTheShareIsTheStableRevisionOrNone) {
  Case c;
  c.staged().record(kNow, "", kNow);
  c.a->target_pods = 2;
  c.share = {1, 0, 1};
  EXPECT_EQ(c.gets(), kNow);
  c.share = {1, 1, 1};
  EXPECT_EQ(c.gets(), "OutsideShare");
  c.a->stable = kBefore;
  EXPECT_EQ(c.gets(), kBefore);
}

TEST(Assignment, AStatefulSetsShareIsByOrdinal) {
  Case c;
  c.staged().record(kNow, "", kNow);
  c.a->target_pods = 2;
  c.a->first_ordinal = 3;
  c.ordinal = 3;
  EXPECT_EQ(c.gets(), kNow);
  c.ordinal = 2;
  EXPECT_EQ(c.gets(), "OutsideShare");
}

TEST(Assignment, ARejectedRevisionStaysOutUnderAPolicyThatStagesNothing) {
  Case c;
  c.record(kNow, "", "");
  c.a->rejected = kNow;
  EXPECT_EQ(c.gets(), "RolledBack");
}

TEST(Assignment, APausedPolicyAssignsNothingNew) {
  Case c;
  c.policy->policy.spec.rollout.emplace().paused = true;
  EXPECT_EQ(c.gets(), "AwaitingRollout");
}

TEST(Assignment, APinHolds) {
  Case c;
  c.record(kBefore, kBefore, kBefore);
  c.a->held = true;
  EXPECT_EQ(c.gets(), kBefore);
}

TEST(Assignment, AnotherPolicysRecordDoesNotCount) {
  Case c;
  c.record(kBefore, kBefore, kBefore);
  c.a->policy_name = "another";
  EXPECT_EQ(c.gets(), kNow);
}

TEST(Assignment, ARevisionThatIsNotKeptIsNotAssigned) {
  Case c;
  c.staged().record("gone", "", "gone");
  EXPECT_EQ(c.gets(), "AwaitingRollout");
}

TEST(Ordinal, IsTheTrailingNumberOfAStatefulSetsPod) {
  EXPECT_EQ(ordinalOf("StatefulSet", "db-12"), 12);
  EXPECT_EQ(ordinalOf("Deployment", "db-12"), -1);
  EXPECT_EQ(ordinalOf("StatefulSet", "db-x"), -1);
  EXPECT_EQ(ordinalOf("StatefulSet", ""), -1);
}

TEST(Ordinal, OrdinalsAreTrailingNumbers) {
  EXPECT_EQ(ordinalOf("db-0"), 0);
  EXPECT_EQ(ordinalOf("my-db-17"), 17);
  for (const char* name : {"db", "", "db-", "db-x", "db-1x", "db--1x", "db-+1", "db-99999999999"}) {
    EXPECT_EQ(ordinalOf(name), -1) << name;
  }
}

}  // namespace
}  // namespace profiling::inject
