// `plan`: what a policy's rollout would do to the workloads that it decides about, step by step,
// and roughly how long that takes. Cohorts are the engine's own. Pure.
//
// How long: a step of a workload takes the replacement of its pods, `maxUnavailable` at a time and
// `pod_start` each time, then the soak, and the next step waits for the cooldown. Workloads of one
// step go side by side, `maxParallel` of them replacing pods. Failures, people and maintenance
// windows are not foreseen.
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
  std::size_t step = 0;          // of workloads.steps, from 1; 0: in none
  std::uint32_t bucket = 0;
  std::int64_t pods = 0;
  std::int64_t done = 0;      // carry the target revision
  std::int64_t change = 0;    // will carry it
  std::int64_t restarts = 0;  // those of them that the operator replaces itself
  std::string left_out;       // why it takes no part
  std::chrono::milliseconds replacing{0}, whole{0};
};

struct StepForecast {
  std::size_t wave = 0, step = 0;
  std::int64_t percent = 0, workloads = 0, pods = 0, restarts = 0;
  std::chrono::milliseconds duration{0};
};

struct Forecast {
  std::vector<WorkloadForecast> workloads;  // in the order in which they come
  std::vector<StepForecast> steps;          // those that have workloads
  std::int64_t taking_part = 0, left_out = 0, pods = 0, done = 0, change = 0, restarts = 0;
  std::optional<std::chrono::milliseconds> duration;  // absent: others decide when pods start
  std::vector<std::string> notes;
};

// The policy's rollout must be valid; `workloads` are those that it decides about.
Forecast forecast(const Policy& policy, const Workloads& workloads, const ForecastOptions& options);

std::vector<std::string> render(const Forecast& forecast, const Policy& policy, const Style& style);
nlohmann::json toJson(const Forecast& forecast);

}  // namespace profiling::cli
