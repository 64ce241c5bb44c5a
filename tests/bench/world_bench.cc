// One reconcile of a policy over a large cluster, without its requests: records and pods are read,
// and everything is decided.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "controllers/rollout/plan_of.h"
#include "controllers/rollout/world_reader.h"
#include "controllers/workload/decide.h"

namespace {

using namespace profiling;  // NOLINT(google-build-using-namespace): what is measured

constexpr const char* kRevision = "0123456789";
constexpr std::uint32_t kCreated = 1'785'585'600;

enum class Fleets { kNew, kWaiting, kComplete };

// A cluster policy over `workloads` Deployments of 15 pods in 500 namespaces.
class Fleet {
 public:
  Fleet(int workloads, Fleets kind) {
    policy_->cluster = true;
    policy_->policy.metadata.name = "all";
    policy_->policy.metadata.uid = "all-uid";
    policy_->policy.spec.activation = api::Activation::kSelected;
    policy_->policy.spec.rollout.emplace();
    policy_->policy.spec.rollout->restart.mode = api::RestartMode::kManaged;
    policy_->policy.spec.rollout->workloads.max_parallel = 50;
    policy_->policy.spec.rollout->pods.steps = {10, 50, 100};
    policy_->revision = kRevision;
    policy_->server_url = "http://pyroscope:4040";
    kube::Store<api::WorkloadProfile>::Map records;
    pods_.beginList();
    for (int i = 0; i < workloads; ++i) add(i, kind, records);
    pods_.endList();
    records_.publish(std::move(records));
  }

  // As the controller does it; says how many changes there are.
  std::size_t reconcile() {
    const engine::Plan plan = controllers::planOf(*policy_);
    std::vector<controllers::Member> members;
    const engine::World world =
        reader_.read(*policy_, plan, members, engine::Time(std::chrono::seconds(kCreated + 3600)));
    return engine::decide(plan, world).changes.size();
  }
  // A pod starts anew, as one does somewhere at any time.
  void touch(int i) { addPod("ns-0", "web-0", "web-0-" + std::to_string(i % 15), kCreated + i); }

 private:
  void addPod(const std::string& namespace_, const std::string& name, const std::string& pod,
              std::uint32_t created) {
    inject::PodFacts facts;
    facts.namespace_ = namespace_;
    facts.name = pod;
    facts.labels = {{"app", name}, {"pod-template-hash", "7d9c5b8f6d"}};
    if (complete_) facts.labels.push_back({"profiling.dev/profiled", kRevision});
    const std::string replica_set = name + "-7d9c5b8f6d";
    facts.owner = api::OwnerView{"apps/v1", "ReplicaSet", replica_set, "uid-" + name, true};
    facts.flags = inject::kPodReady;
    facts.uid = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";
    facts.created = created;
    const std::string digest = "sha256:" + std::string(60, 'a') + name;
    facts.images = {digest};
    pods_.upsert(facts);
  }
  void add(int i, Fleets kind, kube::Store<api::WorkloadProfile>::Map& records) {
    complete_ = kind == Fleets::kComplete;
    const std::string namespace_ = "ns-" + std::to_string(i % 500);
    const std::string name = "web-" + std::to_string(i);
    for (int p = 0; p < 15; ++p) {
      addPod(namespace_, name, name + "-" + std::to_string(p), kCreated);
    }
    auto record = std::make_shared<api::WorkloadProfile>();
    record->metadata.name = api::workloadProfileName("Deployment", name);
    record->metadata.namespace_ = namespace_;
    record->metadata.uid = "record-" + std::to_string(i);
    record->metadata.annotations[std::string(api::kGroupKey)] = "Deployment/" + name;
    record->status.workload_ref = {"apps/v1", "Deployment", name, "uid-" + name};
    record->status.policy_ref = api::PolicyRef{"ClusterProfilingPolicy", "all"};
    if (kind != Fleets::kNew) {
      api::WorkloadRollout& r = record->status.rollout.emplace();
      r.target_revision = kRevision;
      if (complete_) {
        r.state = api::WorkloadState::kComplete;
        r.assigned_revision = r.stable_revision = kRevision;
        r.step = 3;
      } else {
        // Fifty are at it, the others wait for their places.
        r.state = i < 50 ? api::WorkloadState::kStepping : api::WorkloadState::kPreflight;
        r.step = i < 50 ? 1 : 0;
        if (i < 50) r.assigned_revision = kRevision;
        if (i < 50) r.target_pods = 1;
        if (i >= 50) r.reason = api::RolloutReason::kQueued;
        if (i >= 50) r.message = "other workloads come first";
      }
      r.since = "2026-08-01T00:00:00Z";
      r.restart_mode = api::RestartMode::kManaged;
      r.steps = 3;
    }
    records[kube::objectKey(namespace_, record->metadata.name)] = std::move(record);
    snapshot_->namespaces[namespace_].policies = {policy_};
  }

  bool complete_ = false;
  std::shared_ptr<api::EffectivePolicy> policy_ = std::make_shared<api::EffectivePolicy>();
  std::shared_ptr<inject::Snapshot> snapshot_ = std::make_shared<inject::Snapshot>();
  controllers::PodTable pods_;
  kube::Store<api::WorkloadProfile> records_;
  kube::Store<inject::NamespaceRecord> namespaces_;
  controllers::WorkloadIndex index_{pods_, [this] { return snapshot_; }, {}};
  controllers::RefusalTable refusals_;
  controllers::WorldReader reader_{pods_, index_, records_, namespaces_, refusals_};
};

// p99 over the iterations is reported beside the mean, because the bar applies to it.
void reconcileAll(benchmark::State& state, Fleets kind) {
  Fleet fleet(static_cast<int>(state.range(0)), kind);
  fleet.reconcile();
  std::vector<double> times;
  std::size_t changes = 0;
  int i = 0;
  for (auto _ : state) {
    fleet.touch(++i);
    const auto start = std::chrono::steady_clock::now();
    changes = fleet.reconcile();
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(times.begin(), times.end());
  state.counters["p99_ms"] = times.empty() ? 0 : times[(times.size() * 99) / 100];
  state.counters["changes"] = static_cast<double>(changes);
}

void BM_ReconcileNew(benchmark::State& state) {
  reconcileAll(state, Fleets::kNew);
}
void BM_ReconcileWaiting(benchmark::State& state) {
  reconcileAll(state, Fleets::kWaiting);
}
void BM_ReconcileComplete(benchmark::State& state) {
  reconcileAll(state, Fleets::kComplete);
}
BENCHMARK(BM_ReconcileNew)->Arg(10000)->Unit(benchmark::kMillisecond)->Iterations(20);
BENCHMARK(BM_ReconcileWaiting)->Arg(10000)->Unit(benchmark::kMillisecond)->Iterations(100);
BENCHMARK(BM_ReconcileComplete)->Arg(10000)->Unit(benchmark::kMillisecond)->Iterations(100);

}  // namespace

BENCHMARK_MAIN();
