// `plan`: what a policy's rollout would do to its workloads, step by step, and roughly how long that
// takes. Cohorts are the engine's own. Pure.
//
// Duration: in a step, a workload's pods are replaced, `maxUnavailable` at a time and `pod_start`
// each time; then it soaks, and its next step waits for the cooldown. Workloads of one step run in
// parallel, `maxParallel` of them replacing pods. Failures, approvals and maintenance windows are
// not included.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/cli/model.h"
#include "operator/cli/table.h"

namespace profiling::cli {

struct ForecastOptions {
  std::chrono::milliseconds pod_start{30'000};
  std::map<std::string, std::size_t> waves{};  // by namespace; absent: 0
};

struct WorkloadForecast {
  std::string namespace_, name;  // "deployment/web"
  std::size_t wave = 0;          // from 0
  std::size_t step = 0;          // of workloads.steps, from 1; 0: in no step
  std::uint32_t bucket = 0;
  std::int64_t pods = 0;
  std::int64_t done = 0;      // pods that carry the target revision
  std::int64_t change = 0;    // pods that will get it
  std::int64_t restarts = 0;  // pods among them that the operator replaces
  std::string left_out;       // why the workload is excluded
  std::chrono::milliseconds replacing{0}, whole{0};
};

struct StepForecast {
  std::size_t wave = 0, step = 0;
  std::int64_t percent = 0, workloads = 0, pods = 0, restarts = 0;
  std::chrono::milliseconds duration{0};
};

struct Forecast {
  std::vector<WorkloadForecast> workloads;  // in rollout order
  std::vector<StepForecast> steps;          // steps that have workloads
  std::int64_t taking_part = 0, left_out = 0, pods = 0, done = 0, change = 0, restarts = 0;
  std::optional<std::chrono::milliseconds> duration;  // absent: the operator restarts nothing
  std::vector<std::string> notes;
};

// The policy's rollout must be valid; `workloads` are those that it applies to.
Forecast forecast(const Policy& policy, const Workloads& workloads, const ForecastOptions& options);

std::vector<std::string> render(const Forecast& forecast, const Policy& policy, const Style& style);
nlohmann::json toJson(const Forecast& forecast);

}  // namespace profiling::cli
