// One decision about a policy over many workloads, in states that a rollout passes through.
#include <algorithm>
#include <chrono>
#include <vector>

#include <benchmark/benchmark.h>

#include "tests/unit/controllers/engine/world_builder.h"

namespace {

using namespace profiling::engine;  // NOLINT(google-build-using-namespace): what is measured

TestWorld fleet(int workloads, bool complete) {
  TestWorld t;
  t.plan.workload_steps = {10, 50, 100};
  t.plan.pod_steps = {10, 50, 100};
  t.plan.max_parallel = 50;
  t.plan.gates.max_cpu_percent = 20;
  for (int i = 0; i < workloads; ++i) {
    Workload& w = t.add("workload-" + std::to_string(i), 15);
    w.bucket = bucketOf("policy", w.key);
    if (!complete) continue;
    w.record.state = State::kComplete;
    w.record.target_revision = w.record.assigned_revision = w.record.stable_revision = kTarget;
    w.record.since = timeText(t.world.now);
    t.eachPod(w, [](Pod& pod) { pod.revision = kTarget; });
  }
  return t;
}

// p99 over the iterations is reported beside the mean, because the bar applies to it.
void decideAll(benchmark::State& state, bool complete) {
  TestWorld t = fleet(static_cast<int>(state.range(0)), complete);
  t.pass();
  std::vector<double> times;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(decide(t.plan, t.world));
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(times.begin(), times.end());
  state.counters["p99_ms"] = times.empty() ? 0 : times[(times.size() * 99) / 100];
}

void BM_Moving(benchmark::State& state) {
  decideAll(state, false);
}
void BM_Complete(benchmark::State& state) {
  decideAll(state, true);
}
BENCHMARK(BM_Moving)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond)->Iterations(200);
BENCHMARK(BM_Complete)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond)->Iterations(200);

}  // namespace

BENCHMARK_MAIN();
