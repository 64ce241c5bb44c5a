// The engine's world as it is read from records and pods.
#include "controllers/rollout/world_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/workload/decide.h"
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

class World : public testing::Test {
 protected:
  World() {
    policy_->agents = inject::settings().agents;
    policy_->policy.metadata.uid = "policy-uid";
    snapshot_->namespaces["shop"].policies = {policy_};
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
    return reader_.read(*policy_, plan, members);
  }

  std::shared_ptr<api::EffectivePolicy> policy_ = inject::policy();
  std::shared_ptr<inject::Snapshot> snapshot_ = std::make_shared<inject::Snapshot>();
  PodTable pods_;
  kube::Store<api::WorkloadProfile>::Map map_;
  kube::Store<api::WorkloadProfile> records_;
  kube::Store<inject::NamespaceRecord> namespaces_;
  WorkloadIndex index_{pods_, [this] { return snapshot_; }, inject::settings()};
  WorldReader reader_{pods_, index_, records_, namespaces_};
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
  EXPECT_THAT(world.probed_elsewhere, ElementsAre(kImage));
  EXPECT_THAT(world.cleared, SizeIs(1));
}

}  // namespace
}  // namespace profiling::controllers
