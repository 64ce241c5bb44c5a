// Revisions as they are kept, and the policy as it was at one.
#include "operator/api/revision.h"

#include <gtest/gtest.h>

#include "operator/api/v1alpha1/codec.h"

namespace profiling::api {
namespace {

const AgentImages kOld{{{"agents/java:1", "1"}, {"agents/python:1", "1"}, {"agents/node:1", "1"}}};
const AgentImages kNew{{{"agents/java:2", "2"}, {"agents/python:2", "2"}, {"agents/node:2", "2"}}};

ProfilingPolicy policy() {
  ProfilingPolicy p;
  p.metadata.name = "checkout";
  p.metadata.namespace_ = "shop";
  p.metadata.uid = "uid-1";
  p.spec.endpoint = Endpoint{"http://pyroscope:4040", ""};
  p.spec.profiles.locks = p.spec.profiles.allocations = true;
  return p;
}

std::shared_ptr<const Revision> kept(const EffectivePolicy& e, std::int64_t number = 1) {
  const auto r = revisionFromJson(revisionObject(e, "shop", number));
  EXPECT_TRUE(r.ok()) << r.status().toString();
  return std::make_shared<const Revision>(*r);
}

TEST(Revision, RoundTrips) {
  const EffectivePolicy e = makeEffective(policy(), nullptr, {}, kOld);
  const auto r = kept(e, 7);
  EXPECT_EQ(r->hash, e.revision);
  EXPECT_EQ(r->number, 7);
  EXPECT_EQ(r->policy_uid, "uid-1");
  const auto at = atRevision(e, *r);
  ASSERT_NE(at, nullptr);
  EXPECT_EQ(contentOf(*at), contentOf(e));
  EXPECT_EQ(at->agents[0].image, "agents/java:1");
}

TEST(Revision, AnUpgradeOfTheOperatorMakesNoNewOne) {
  const EffectivePolicy before = makeEffective(policy(), nullptr, {}, kOld);
  const EffectivePolicy after = makeEffective(policy(), nullptr, {}, kNew, {kept(before)});
  EXPECT_EQ(after.revision, before.revision);
  EXPECT_EQ(after.agents[0].image, "agents/java:1");
}

TEST(Revision, AnImageThatIsTooLongForOneIsForeign) {
  const AgentImages longest{{{std::string(1024, 'x'), "1"}}};
  const AgentImages longer{{{std::string(1025, 'x'), "1"}}};
  const auto stored = [](const AgentImages& images) {
    return revisionFromJson(
        revisionObject(makeEffective(policy(), nullptr, {}, images), "shop", 1));
  };
  EXPECT_TRUE(stored(longest).ok());
  EXPECT_FALSE(stored(longer).ok());
}

TEST(Revision, ARefreshTakesTheCurrentImages) {
  const EffectivePolicy before = makeEffective(policy(), nullptr, {}, kOld);
  ProfilingPolicy refreshed = policy();
  refreshed.metadata.annotations[std::string(kRefreshAgentsKey)] = "2026-08-03";
  const EffectivePolicy after = makeEffective(refreshed, nullptr, {}, kNew, {kept(before)});
  EXPECT_NE(after.revision, before.revision);
  EXPECT_EQ(after.agents[0].image, "agents/java:2");
  ASSERT_NE(after.at(before.revision), nullptr);
  EXPECT_EQ(after.at(before.revision)->agents[0].image, "agents/java:1") << "going back is exact";
}

TEST(Revision, TheRolloutIsNotPartOfTheContent) {
  ProfilingPolicy staged = policy();
  staged.spec.rollout.emplace().pods.steps = {10, 100};
  EXPECT_EQ(makeEffective(staged, nullptr, {}, kOld).revision,
            makeEffective(policy(), nullptr, {}, kOld).revision);
}

// A version of the operator that knows more languages must not make other revisions of old
// policies: that would restart pods for nothing.
TEST(Revision, ALanguageWithoutAnImageIsNotPartOfTheContent) {
  const EffectivePolicy e = makeEffective(policy(), nullptr, {}, kOld);
  EXPECT_EQ(revisionObject(e, "shop", 1)["data"]["images"].size(), 3U);
  const auto kept = revisionFromJson(revisionObject(e, "shop", 1));
  ASSERT_TRUE(kept.ok());
  AgentImages more = kNew;
  more[static_cast<std::size_t>(Language::kDotNet)] = {"agents/dotnet:1", "1"};
  const Revisions revisions{std::make_shared<const Revision>(*kept)};
  EXPECT_EQ(makeEffective(policy(), nullptr, {}, more, revisions).revision, e.revision);
  EXPECT_NE(makeEffective(policy(), nullptr, {}, more).revision, e.revision);
}

TEST(Revision, ATamperedRevisionIsRefused) {
  const EffectivePolicy e = makeEffective(policy(), nullptr, {}, kOld);
  nlohmann::json object = revisionObject(e, "shop", 1);
  object["data"]["images"][0][0] = "evil/java:1";
  EXPECT_FALSE(revisionFromJson(object).ok());
  object = revisionObject(e, "shop", 1);
  object["metadata"]["labels"].erase(std::string(kRevisionPolicyKey));
  EXPECT_FALSE(revisionFromJson(object).ok());
  EXPECT_FALSE(revisionFromJson({{"metadata", {{"name", "x"}}}, {"data", 5}}).ok());
}

TEST(OverheadLadder, ProfilesEverLessAndOnlyWhereOverheadIsBounded) {
  ProfilingPolicy p = policy();
  EXPECT_EQ(overheadLadder(makeEffective(p, nullptr, {}, kOld)).size(), 1U);
  p.spec.rollout.emplace().gates.max_cpu_overhead_percent = 5;
  const auto ladder = overheadLadder(makeEffective(p, nullptr, {}, kOld));
  ASSERT_EQ(ladder.size(), 5U);
  EXPECT_FALSE(ladder[1].policy.spec.profiles.locks);
  EXPECT_TRUE(ladder[1].policy.spec.profiles.allocations);
  EXPECT_FALSE(ladder[2].policy.spec.profiles.allocations);
  EXPECT_EQ(ladder[3].policy.spec.sampling.upload_interval, "60s");
  EXPECT_EQ(ladder[4].policy.spec.sampling.cpu_hz, 20);
}

}  // namespace
}  // namespace profiling::api
