// What the API server refuses belongs to one workload: the others and the policy's status go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/rollout/reconciler.h"
#include "controllers/workload/decide.h"
#include "operator/api/v1alpha1/codec.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/controllers/fake_api.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::controllers {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

// Two workloads, "api" and "web", of one policy that restarts.
class FailingActions : public testing::Test {
 protected:
  FailingActions() {
    policy_->policy.metadata.uid = "policy-uid";
    api::RolloutSpec& rollout = policy_->policy.spec.rollout.emplace();
    rollout.restart.mode = api::RestartMode::kManaged;
    rollout.workloads.steps = {100};
    rollout.pods.steps = {100};
    snapshot_->namespaces["shop"].policies = {policy_};
    http_.put("profilingpolicies",
              {{"metadata", {{"name", "shop"}, {"namespace", "shop"}, {"uid", "policy-uid"}}},
               {"spec", {{"endpoint", {{"url", "http://pyroscope:4040"}}}}}});
    for (const std::string name : {"api", "web"}) add(name);
    http_.intercept([this](const net::Request& request) { return answer(request); });
  }
  void add(const std::string& name) {
    http_.put("deployments",
              {{"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", name}}},
               {"spec", {{"replicas", 3}, {"strategy", {{"type", "Recreate"}}}}},
               {"status", {{"observedGeneration", 9}, {"updatedReplicas", 3}, {"replicas", 3}}}});
    api::WorkloadProfile record;
    record.metadata.name = api::workloadProfileName("Deployment", name);
    http_.put(
        "workloadprofiles",
        {{"metadata",
          {{"name", record.metadata.name},
           {"namespace", "shop"},
           {"uid", "record-" + name},
           {"annotations", {{std::string(api::kGroupKey), "Deployment/" + name}}}}},
         {"status",
          {{"workloadRef",
            {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", name}, {"uid", name}}},
           {"policyRef", {{"kind", "ProfilingPolicy"}, {"name", "shop"}}}}}});
    for (int i = 0; i < 3; ++i) {
      const std::string pod = name + "-h1-" + std::to_string(i);
      const std::string owner = name + "-h1";
      inject::PodFacts facts;
      facts.namespace_ = "shop";
      facts.name = facts.uid = pod;
      facts.labels = {{"app", name}, {"pod-template-hash", "h1"}};
      facts.owner = api::OwnerView{"apps/v1", "ReplicaSet", owner, "uid", true};
      facts.flags = inject::kPodReady;
      facts.created = 1'785'500'000;
      pods_.upsert(facts);
    }
  }
  std::optional<net::Response> answer(const net::Request& request) {
    const auto of_web = [&](const char* path) {
      return request.target.find(path) != std::string::npos;
    };
    if (request.target.find("/eviction") != std::string::npos) {
      if (!of_web("/web-")) return test::FakeHttp::json(201, "{}");
      ++evictions_;
      return test::FakeHttp::json(evict_web_, R"({"kind":"Status","message":"in its words"})");
    }
    if (of_web("deployments/web") && !readable_) {
      return test::FakeHttp::json(403, R"({"kind":"Status","message":"in its words"})");
    }
    return std::nullopt;
  }
  void pass() {
    kube::Store<api::WorkloadProfile>::Map records;
    for (const std::string name : {"api", "web"}) {
      const auto record =
          api::workloadFromJson(*http_.get("workloadprofiles", "shop", "deployment-" + name));
      ASSERT_TRUE(record.ok()) << record.status().toString();
      records["shop/deployment-" + name] = std::make_shared<const api::WorkloadProfile>(*record);
    }
    records_.publish(std::move(records));
    const auto stored = api::policyFromJson(*http_.get("profilingpolicies", "shop", "shop"));
    ASSERT_TRUE(stored.ok()) << stored.status().toString();
    policies_.publish({{"shop/shop", std::make_shared<const api::ProfilingPolicy>(*stored)}});
    EXPECT_TRUE(reconciler_.reconcile("shop/shop", {}).status.ok());
  }
  void passes(seconds time) {
    for (seconds t{0}; t < time; t += seconds(5)) {
      pass();
      clock_.advance(seconds(5));
    }
  }
  std::string at(const char* plural, const std::string& name, const char* pointer) {
    const auto object = http_.get(plural, "shop", name);
    const nlohmann::json::json_pointer p{std::string(pointer)};
    return object && object->contains(p) ? object->at(p).get<std::string>() : std::string();
  }
  std::string web(const char* pointer) { return at("workloadprofiles", "deployment-web", pointer); }
  std::string api(const char* pointer) { return at("workloadprofiles", "deployment-api", pointer); }

  struct Events : EventSink {
    void record(Event) override {}
  } events_;
  test::FakeApi http_;
  test::FakeClock clock_;
  int evict_web_ = 201, evictions_ = 0;
  bool readable_ = true;
  std::shared_ptr<api::EffectivePolicy> policy_ = inject::policy();
  std::shared_ptr<inject::Snapshot> snapshot_ = std::make_shared<inject::Snapshot>();
  PodTable pods_;
  kube::Client client_{http_};
  kube::Store<api::ProfilingPolicy> policies_;
  kube::Store<api::ClusterProfilingPolicy> cluster_policies_;
  kube::Store<api::ProfilingServer> servers_;
  kube::Store<inject::NamespaceRecord> namespaces_;
  kube::Store<api::Revision> revisions_;
  kube::Store<api::WorkloadProfile> records_;
  RefusalTable refusals_;
  WorkloadIndex index_{pods_, [this] { return snapshot_; }, inject::settings()};
  GateInputs gate_inputs_{client_, nullptr, {}, [](const std::string&) {}};
  RolloutReconciler reconciler_{
      client_,
      {{policies_, cluster_policies_, servers_, namespaces_, revisions_}, records_, refusals_},
      pods_,
      index_,
      gate_inputs_,
      "profiling-system",
      "",
      {},
      events_,
      clock_};
};

TEST_F(FailingActions, AnEvictionThatFailsHoldsItsWorkloadOnly) {
  evict_web_ = 500;
  passes(minutes(2));
  EXPECT_EQ(web("/status/rollout/state"), "Stepping");
  EXPECT_EQ(web("/status/rollout/reason"), "ActionRefused");
  EXPECT_THAT(web("/status/rollout/message"), HasSubstr("in its words"));
  EXPECT_EQ(api("/status/rollout/reason"), "ReplacingPods");
  EXPECT_EQ(at("profilingpolicies", "shop", "/status/rollout/revision"), policy_->revision);
  EXPECT_LE(evictions_, 5) << "ever less often";
}

TEST_F(FailingActions, ARefusedEvictionIsABudgetsAndIsNotWrittenAgainAndAgain) {
  evict_web_ = 429;
  passes(minutes(2));
  EXPECT_EQ(web("/status/rollout/reason"), "DisruptionBudgetExhausted");
  EXPECT_LE(evictions_, 5);
  int writes = 0;
  for (const std::string& path : http_.writtenPaths()) {
    writes += path.find("deployment-web/status") != std::string::npos ? 1 : 0;
  }
  EXPECT_LE(writes, 14) << "of 24 passes";
  evict_web_ = 201;
  const int asked = evictions_;
  for (int i = 0; i < 100 && evictions_ == asked; ++i) passes(seconds(5));
  EXPECT_EQ(web("/status/rollout/reason"), "ReplacingPods");
}

TEST_F(FailingActions, AnOwnerThatCannotBeReadHoldsItsWorkloadOnly) {
  readable_ = false;
  passes(seconds(30));
  EXPECT_EQ(web("/status/rollout/state"), "Preflight");
  EXPECT_EQ(web("/status/rollout/reason"), "OwnerUnreadable");
  EXPECT_EQ(api("/status/rollout/state"), "Stepping");
  EXPECT_EQ(at("profilingpolicies", "shop", "/status/rollout/revision"), policy_->revision);
}

}  // namespace
}  // namespace profiling::controllers
