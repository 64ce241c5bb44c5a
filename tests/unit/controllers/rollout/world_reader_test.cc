// The engine's world as it is read from records and pods.
#include "controllers/rollout/world_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/workload/decide.h"
#include "operator/base/time_text.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::controllers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kRevision = "0123456789";
constexpr std::string_view kImage = "sha256:aa";
constexpr const char* kDecision =
    R"({"policy":"shop","containers":[{"name":"app","action":"injected",)"
    R"("languages":[{"language":"java","version":"0.9"}]}]})";

constexpr const char* kNow = "2026-08-01T12:00:00Z";

class World : public testing::Test {
 protected:
  World() {
    policy_->agents = inject::settings().agents;
    policy_->policy.metadata.uid = "policy-uid";
    auto another = inject::policy();
    another->policy.metadata.name = "of-another";
    auto of_cluster = inject::policy();
    of_cluster->cluster = true;
    of_cluster->policy.metadata.name = "all";
    snapshot_->namespaces["shop"].policies = {policy_, another, of_cluster};
    snapshot_->namespaces["bank"].policies = {another};
  }
  void pod(const std::string& workload, const std::string& name, std::string_view revision = "",
           bool fails = false) {
    inject::PodFacts facts;
    facts.namespace_ = "shop";
    facts.name = name;
    facts.labels = {{"app", workload}, {"pod-template-hash", "h1"}};
    if (!revision.empty()) facts.labels.push_back({"profiling.dev/profiled", revision});
    const std::string owner = workload + "-h1";
    facts.owner = api::OwnerView{"apps/v1", "ReplicaSet", owner, "uid", true};
    if (!fails) facts.flags = inject::kPodReady;
    if (fails) facts.failure = inject::FailureView{"app", false, 139, "Error", "", kImage};
    facts.images = {kImage};
    facts.decision = revision.empty() ? "" : kDecision;
    pods_.upsert(facts);
  }
  api::WorkloadRollout& record(const std::string& workload, const char* policy = "shop") {
    auto record = std::make_shared<api::WorkloadProfile>();
    record->metadata.name = api::workloadProfileName("Deployment", workload);
    record->metadata.namespace_ = "shop";
    record->metadata.annotations[std::string(api::kGroupKey)] = "Deployment/" + workload;
    record->status.workload_ref = {"apps/v1", "Deployment", workload, "uid"};
    record->status.policy_ref = api::PolicyRef{"ProfilingPolicy", policy};
    record->status.preflight =
        api::Preflight{"h1", kRevision, "Injected", {api::Language::kJava}, {}};
    api::WorkloadRollout& rollout = record->status.rollout.emplace();
    map_["shop/" + record->metadata.name] = std::move(record);
    return rollout;
  }
  engine::World read() {
    records_.publish(map_);
    engine::Plan plan;
    plan.revisions = {kRevision};
    plan.mode = api::RestartMode::kManaged;
    std::vector<Member> members;
    return reader_.read(*policy_, plan, members, *parseRfc3339(kNow));
  }

  std::shared_ptr<api::EffectivePolicy> policy_ = inject::policy();
  std::shared_ptr<inject::Snapshot> snapshot_ = std::make_shared<inject::Snapshot>();
  PodTable pods_;
  kube::Store<api::WorkloadProfile>::Map map_;
  kube::Store<api::WorkloadProfile> records_;
  kube::Store<inject::NamespaceRecord> namespaces_;
  WorkloadIndex index_{pods_, [this] { return snapshot_; }, inject::settings()};
  RefusalTable refusals_;
  WorldReader reader_{pods_, index_, records_, namespaces_, refusals_};
};

TEST_F(World, AFailureHasTheImageAndTheAgentsOfItsContainer) {
  pod("web", "web-1", kRevision, true);
  record("web");
  const engine::World world = read();
  ASSERT_THAT(world.workloads, SizeIs(1));
  ASSERT_THAT(*world.workloads[0].pods, SizeIs(1));
  const engine::Pod& failing = world.workloads[0].pods->front();
  ASSERT_TRUE(failing.failure);
  EXPECT_EQ(failing.failure->image, kImage);
  EXPECT_THAT(failing.failure->agents, ElementsAre("java 0.9")) << "as it was injected";
}

TEST_F(World, ImagesAreReadOnlyWhereAQuarantineNamesThem) {
  pod("web", "web-1");
  pod("broken", "broken-1");
  record("web");
  EXPECT_THAT(read().workloads.at(0).images, IsEmpty());
  record("broken", "of-another").quarantine = {{std::string(kImage), "java 0.9", "", "", ""}};
  const engine::World world = read();
  ASSERT_THAT(world.workloads, SizeIs(1)) << "the other is another policy's";
  EXPECT_THAT(world.workloads[0].images, ElementsAre(kImage));
  EXPECT_THAT(world.workloads[0].agents, ElementsAre("java 1")) << "what the policy would bring";
  ASSERT_THAT(world.quarantine, SizeIs(1));
  EXPECT_EQ(world.quarantine[0].workload, "shop/Deployment/broken");
}

TEST_F(World, WhatAnAgentBrokeConcernsTheNamespaceOfItsOwnPolicy) {
  pod("web", "web-1");
  pod("broken", "broken-1");
  record("web");
  record("broken", "of-another").quarantine = {{std::string(kImage), "java 0.9", "", "", ""}};
  EXPECT_EQ(read().quarantine.at(0).namespace_, "shop");
  auto elsewhere = std::make_shared<api::WorkloadProfile>(*map_.at("shop/deployment-broken"));
  elsewhere->metadata.namespace_ = "bank";
  index_.owners().saw("bank/deployment-broken", "uid");
  map_["bank/deployment-broken"] = elsewhere;
  for (const auto& seen : read().quarantine) EXPECT_EQ(seen.namespace_, "") << "two have seen it";
  map_.erase("bank/deployment-broken");
  auto of_cluster = std::make_shared<api::WorkloadProfile>(*map_.at("shop/deployment-broken"));
  of_cluster->status.policy_ref = api::PolicyRef{"ClusterProfilingPolicy", "all"};
  map_["shop/deployment-broken"] = of_cluster;
  EXPECT_EQ(read().quarantine.at(0).namespace_, "");
}

TEST_F(World, ARefusalIsFoundByItsReplicaSet) {
  pod("web", "web-1");
  record("web").replacements.emplace().since = "2026-08-03T12:00:00Z";
  const auto add = [&](const std::string& namespace_, const std::string& event,
                       const std::string& owner, std::int64_t at) {
    refusals_.put({namespace_, "ReplicaSet", owner, "uid", "refused " + owner, at, event});
  };
  add("bank", "web.1", "web-6f7d8", 40);
  add("shop", "web.1", "web-6f7d8", 10);
  add("shop", "web.2", "web-6f7d8", 20);
  add("shop", "web.3", "web-api-6f7d8", 30);
  const auto refusal = read().workloads.at(0).refusal;
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->words, "refused web-6f7d8");
  EXPECT_EQ(refusal->at, engine::Time(std::chrono::seconds(20)));
}

TEST_F(World, ThePodsAnswerIsTheReasonInItsDecision) {
  inject::PodFacts facts;
  facts.namespace_ = "shop";
  facts.name = "web-1";
  facts.labels = {{"app", "web"}, {"pod-template-hash", "h1"}};
  facts.owner = api::OwnerView{"apps/v1", "ReplicaSet", "web-h1", "uid", true};
  facts.decision = R"({"policy":"shop","action":"skipped","reason":"OutsideShare"})";
  pods_.upsert(facts);
  record("web").state = api::WorkloadState::kStepping;
  const engine::World world = read();
  ASSERT_TRUE(world.workloads.at(0).pods);
  EXPECT_EQ(world.workloads[0].pods->front().answer, "OutsideShare");
}

// A rollout begins with the highest ordinal: were another pod the one that counts, it would wait for
// ever.
TEST_F(World, ThePodThatFindsTheLanguageIsTheHighestThatStays) {
  for (const int ordinal : {0, 2, 3, 1}) {
    inject::PodFacts facts;
    facts.namespace_ = "shop";
    const std::string name = "db-" + std::to_string(ordinal);
    facts.name = name;
    facts.labels = {{"app", "db"}, {"controller-revision-hash", "h1"}};
    facts.owner = api::OwnerView{"apps/v1", "StatefulSet", "db", "uid", true};
    facts.flags = ordinal == 3 ? inject::kPodDeleting : inject::kPodReady;
    pods_.upsert(facts);
  }
  auto record = std::make_shared<api::WorkloadProfile>();
  record->metadata.name = api::workloadProfileName("StatefulSet", "db");
  record->metadata.namespace_ = "shop";
  record->metadata.annotations[std::string(api::kGroupKey)] = "StatefulSet/db";
  record->status.workload_ref = {"apps/v1", "StatefulSet", "db", "uid"};
  record->status.policy_ref = api::PolicyRef{"ProfilingPolicy", "shop"};
  record->status.preflight = api::Preflight{"h1", kRevision, "AwaitingLanguage", {}, {}};
  record->status.rollout.emplace().state = api::WorkloadState::kStepping;
  map_["shop/" + record->metadata.name] = record;
  const engine::World world = read();
  ASSERT_TRUE(world.workloads.at(0).pods);
  std::vector<std::string> eligible;
  for (const engine::Pod& pod : *world.workloads[0].pods) {
    if (pod.eligible) eligible.push_back(pod.name);
  }
  EXPECT_THAT(eligible, ElementsAre("db-2"));
}

TEST_F(World, ARestartWhosePodsDoNotComeKeepsNoPlaceFromOtherPolicies) {
  pod("web", "web-1");
  pod("other", "other-1");
  record("web");
  api::WorkloadRollout& other = record("other", "of-another");
  other.restart_mode = api::RestartMode::kManaged;
  other.state = api::WorkloadState::kStepping;
  other.since = "2026-08-01T10:00:00Z";
  other.last_restart = "2026-08-01T11:31:00Z";
  EXPECT_EQ(read().restarting_elsewhere, 1);
  other.last_restart = "2026-08-01T11:29:00Z";
  EXPECT_EQ(read().restarting_elsewhere, 0);
}

TEST_F(World, RestartsAndProbesOfOtherPoliciesAreCounted) {
  pod("web", "web-1");
  pod("other", "other-1");
  record("web");
  api::WorkloadRollout& other = record("other", "of-another");
  other.restart_mode = api::RestartMode::kManaged;
  other.state = api::WorkloadState::kStepping;
  other.probe = true;
  other.cleared = {{std::string(kImage), "java 1", "", "", ""}};
  const engine::World world = read();
  EXPECT_EQ(world.restarting_elsewhere, 1);
  EXPECT_EQ(world.restarting_in_namespace, 1);
  EXPECT_THAT(world.probed_elsewhere, ElementsAre(kImage));
  EXPECT_THAT(world.cleared, SizeIs(1));
}

// A record that somebody else wrote would otherwise hold the cluster's slots, quarantine an image or
// lift its quarantine.
TEST_F(World, ARecordWithNothingBehindItHasNoSayOverOthers) {
  pod("web", "web-1");
  pod("real", "real-1");
  record("web");
  const auto forge = [&](const std::string& workload, const char* policy) -> auto& {
    api::WorkloadRollout& rollout = record(workload, policy);
    rollout.restart_mode = api::RestartMode::kManaged;
    rollout.state = api::WorkloadState::kStepping;
    rollout.probe = true;
    rollout.quarantine = rollout.cleared = {{std::string(kImage), "java 1", "", "", ""}};
    return const_cast<api::WorkloadProfile&>(*map_.at("shop/deployment-" + workload));
  };
  const auto expectCounted = [&](int workloads, const char* why) {
    const engine::World world = read();
    EXPECT_EQ(world.restarting_elsewhere, workloads) << why;
    EXPECT_THAT(world.quarantine, SizeIs(workloads)) << why;
    EXPECT_THAT(world.cleared, SizeIs(workloads)) << why;
    EXPECT_THAT(world.probed_elsewhere, SizeIs(workloads)) << why;
  };
  forge("ghost", "of-another");
  expectCounted(0, "no pods, and no owner that was seen");
  map_.erase("shop/deployment-ghost");
  auto& real = forge("real", "no-such");
  expectCounted(0, "no such policy");
  real.status.policy_ref = api::PolicyRef{"ClusterProfilingPolicy", "of-another"};
  expectCounted(0, "a policy of the other kind");
  real.status.policy_ref = api::PolicyRef{"ProfilingPolicy", "of-another"};
  expectCounted(1, "pods and a policy");
  real.status.workload_ref.name = "web";
  expectCounted(0, "a record has the name of its workload");
  real.status.workload_ref.name = "real";
  real.metadata.annotations.clear();
  expectCounted(0, "no pods are named");
}

TEST_F(World, AWorkloadWhosePodsAreAllAwayKeepsItsSlot) {
  pod("web", "web-1");
  record("web");
  api::WorkloadRollout& away = record("away", "of-another");
  away.restart_mode = api::RestartMode::kManaged;
  away.state = api::WorkloadState::kStepping;
  EXPECT_EQ(read().restarting_elsewhere, 0);
  index_.owners().saw("shop/deployment-away", "uid");
  EXPECT_EQ(read().restarting_elsewhere, 1);
  index_.owners().lost("uid");
  EXPECT_EQ(read().restarting_elsewhere, 0);
}

}  // namespace
}  // namespace profiling::controllers
