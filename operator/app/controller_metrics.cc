#include "operator/app/controller_metrics.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "operator/base/str_cat.h"

namespace profiling::app {
namespace {

constexpr std::chrono::minutes kStuck{15};

// As client-go's: factors of ten around the latency of a queue that keeps up.
const std::vector<double> kQueueSeconds{1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 60, 300};

double seconds(std::chrono::nanoseconds d) {
  return std::chrono::duration<double>(d).count();
}

// Copies the figures of one controller into its series.
struct Series {
  Series(obs::Metrics& m, const std::string& name)
      : depth(m.gauge("workqueue_depth", "Keys that are ready.", {{"name", name}})),
        unfinished(m.gauge("workqueue_unfinished_work_seconds",
                           "Sum of the ages of all reconciles under way.", {{"name", name}})),
        longest(m.gauge("workqueue_longest_running_processor_seconds",
                        "Age of the longest reconcile under way.", {{"name", name}})),
        active(m.gauge("profiling_reconcile_active_workers", "Workers that are reconciling.",
                       {{"controller", name}})),
        workers(m.gauge("profiling_reconcile_max_concurrent", "Workers.", {{"controller", name}})),
        adds(m.counter("workqueue_adds_total", "Keys that became ready.", {{"name", name}})),
        retries(m.counter("workqueue_retries_total", "Keys put back after a failure.",
                          {{"name", name}})) {
    const auto result = [&](const char* value) -> prometheus::Counter& {
      return m.counter("profiling_reconcile_total", "Reconciles by result.",
                       {{"controller", name}, {"result", value}});
    };
    success = &result("success");
    requeue = &result("requeue_after");
    error = &result("error");
    terminal = &result("terminal");
    exception = &result("exception");
  }

  void set(const controllers::RunnerStats& r) const {
    depth.Set(static_cast<double>(r.queue.depth));
    unfinished.Set(seconds(r.unfinished));
    longest.Set(seconds(r.longest_running));
    active.Set(r.active);
    workers.Set(r.workers);
    obs::raiseTo(adds, r.queue.adds);
    obs::raiseTo(retries, r.queue.retries);
    obs::raiseTo(*success, r.success);
    obs::raiseTo(*requeue, r.requeue);
    obs::raiseTo(*error, r.error);
    obs::raiseTo(*terminal, r.terminal);
    obs::raiseTo(*exception, r.exception);
  }

  prometheus::Gauge &depth, &unfinished, &longest, &active, &workers;
  prometheus::Counter &adds, &retries;
  prometheus::Counter *success, *requeue, *error, *terminal, *exception;
};

void exportRunners(obs::Metrics& metrics, controllers::Manager& manager) {
  std::vector<std::pair<std::string, Series>> series;
  for (const auto& c : manager.stats()) series.emplace_back(c.name, Series(metrics, c.name));
  metrics.onCollect([&manager, series] {
    const auto stats = manager.stats();
    for (std::size_t i = 0; i < stats.size(); ++i) series.at(i).second.set(stats[i].runner);
  });
  manager.observe([&metrics](const std::string& name) {
    auto& waited = metrics.histogram("workqueue_queue_duration_seconds",
                                     "How long a key was ready before a worker took it.",
                                     kQueueSeconds, {{"name", name}});
    auto& worked = metrics.histogram("workqueue_work_duration_seconds",
                                     "How long a reconcile took.", kQueueSeconds, {{"name", name}});
    return controllers::RunnerObserver{
        [&waited](std::chrono::nanoseconds d) { waited.Observe(seconds(d)); },
        [&worked](std::chrono::nanoseconds d) { worked.Observe(seconds(d)); }};
  });
}

void exportPods(obs::Metrics& metrics, controllers::Manager& manager) {
  auto& pods = metrics.gauge("profiling_pods", "Pods that have not ended.", {});
  auto& groups =
      metrics.gauge("profiling_workloads", "Workloads with pods that have not ended.", {});
  auto& symbols =
      metrics.gauge("profiling_pod_symbols", "Texts that the records of pods share.", {});
  metrics.onCollect([&manager, &pods, &groups, &symbols] {
    const controllers::PodTableStats stats = manager.podStats();
    pods.Set(static_cast<double>(stats.pods));
    groups.Set(static_cast<double>(stats.groups));
    symbols.Set(static_cast<double>(stats.symbols));
  });
}

void exportEvents(obs::Metrics& metrics, controllers::Manager& manager) {
  const auto events = [&](const char* result) -> prometheus::Counter* {
    return &metrics.counter("profiling_events_total", "Kubernetes events by result.",
                            {{"result", result}});
  };
  metrics.onCollect([&manager, created = events("created"), repeated = events("repeated"),
                     suppressed = events("suppressed"), dropped = events("dropped"),
                     failed = events("failed")] {
    const controllers::RecorderStats stats = manager.eventStats();
    obs::raiseTo(*created, stats.created);
    obs::raiseTo(*repeated, stats.repeated);
    obs::raiseTo(*suppressed, stats.suppressed);
    obs::raiseTo(*dropped, stats.dropped);
    obs::raiseTo(*failed, stats.failed);
  });
}

// Series of verdicts and actions are created as they occur: there are few.
void exportRollouts(obs::Metrics& metrics, controllers::Manager& manager) {
  metrics.onCollect([&manager, &metrics] {
    const controllers::RolloutStats stats = manager.rolloutStats();
    for (std::size_t i = 0; i < api::kWorkloadStateCount; ++i) {
      const std::string state(api::stateName(static_cast<api::WorkloadState>(i)));
      const auto it = stats.workloads.find(state);
      metrics
          .gauge("profiling_rollout_workloads", "Workloads by the state of their rollout.",
                 {{"state", state}})
          .Set(it == stats.workloads.end() ? 0 : static_cast<double>(it->second));
    }
    for (const auto& [verdict, count] : stats.verdicts) {
      const std::size_t blank = verdict.find(' ');
      obs::raiseTo(metrics.counter("profiling_rollout_verdicts_total", "Verdicts on workloads.",
                                   {{"result", verdict.substr(0, blank)},
                                    {"attribution", verdict.substr(blank + 1)}}),
                   count);
    }
    for (const auto& [action, count] : stats.actions) {
      obs::raiseTo(
          metrics.counter("profiling_rollout_actions_total",
                          "Actions of rollouts on pods and workloads.", {{"action", action}}),
          count);
    }
  });
}

}  // namespace

void exportControllers(obs::Metrics& metrics, controllers::Manager& manager) {
  exportRunners(metrics, manager);
  exportPods(metrics, manager);
  exportEvents(metrics, manager);
  exportRollouts(metrics, manager);
}

void addWatchdog(obs::Health& health, const controllers::Manager& manager) {
  health.addLiveness("reconcile", [&manager]() -> std::optional<std::string> {
    for (const auto& c : manager.stats()) {
      if (c.runner.longest_running < kStuck) continue;
      return strCat(c.name, " has worked on '", c.runner.longest_key, "' for ",
                    c.runner.longest_running.count() / 1'000, " s");
    }
    return std::nullopt;
  });
}

}  // namespace profiling::app
