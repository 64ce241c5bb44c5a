#include <set>

#include <nlohmann/json.hpp>

#include "operator/cli/forecast.h"
#include "operator/cli/progress.h"

namespace profiling::cli {
namespace {

std::string number(std::int64_t value) {
  return std::to_string(value);
}

std::string stepName(std::size_t step, std::size_t steps) {
  return step == 0 ? std::string() : std::to_string(step) + "/" + std::to_string(steps);
}

std::string bucketText(std::uint32_t bucket) {
  const std::string hundredths = std::to_string(bucket % 100);
  return std::to_string(bucket / 100) + (hundredths.size() == 1 ? ".0" : ".") + hundredths + "%";
}

std::vector<std::string> summary(const Forecast& f, const Policy& policy,
                                 const api::RolloutSpec& rollout, const Style& style) {
  std::string duration;
  if (f.duration) {
    duration = "about " + roughly(*f.duration) + " (soak " + rollout.pods.soak + ", cooldown " +
               rollout.restart.cooldown + ", " + number(rollout.workloads.max_parallel) +
               " workloads at a time, pods " + number(rollout.restart.max_unavailable) +
               " at a time)";
  }
  return render(
      Pairs{{"Policy", policy.shortName()},
            {"Namespace", policy.metadata.namespace_},
            {"Mode", policy.observes() ? "Observe" : "Enforce"},
            {"Revision", policy.target()},
            {"Workloads", number(f.taking_part) + " included, " + number(f.left_out) + " excluded"},
            {"Pods", number(f.pods) + ": " + number(f.done) + " up to date, " + number(f.change) +
                         " to change"},
            {"Restarts", number(f.restarts)},
            {"Duration", f.duration ? duration : "unknown: nothing is restarted"}},
      style);
}

void append(std::vector<std::string>& lines, const std::vector<std::string>& more) {
  lines.emplace_back();
  lines.insert(lines.end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::string> render(const Forecast& f, const Policy& policy, const Style& style) {
  const api::RolloutSpec rollout = policy.spec.rollout.value_or(api::RolloutSpec{});
  const std::size_t count = rollout.workloads.steps.size();
  std::set<std::size_t> waves;
  for (const StepForecast& step : f.steps) waves.insert(step.wave);
  const bool in_waves = waves.size() > 1;

  std::vector<std::string> lines = summary(f, policy, rollout, style);
  if (!f.steps.empty()) {
    Table table;
    if (in_waves) table.headers.emplace_back("WAVE");
    for (const char* h : {"STEP", "UP TO", "WORKLOADS", "PODS", "RESTARTS", "DURATION"}) {
      table.headers.emplace_back(h);
    }
    for (const StepForecast& step : f.steps) {
      std::vector<Cell> row;
      if (in_waves) row.emplace_back(number(static_cast<std::int64_t>(step.wave) + 1));
      row.emplace_back(stepName(step.step, count));
      row.emplace_back(number(step.percent) + "%");
      row.emplace_back(number(step.workloads));
      row.emplace_back(number(step.pods));
      row.emplace_back(number(step.restarts));
      row.emplace_back(f.duration ? roughly(step.duration) : "");
      table.rows.push_back(std::move(row));
    }
    append(lines, render(table, style));
  }
  if (!f.workloads.empty()) {
    Table table;
    if (policy.cluster) table.headers.emplace_back("NAMESPACE");
    table.headers.emplace_back("WORKLOAD");
    if (in_waves) table.headers.emplace_back("WAVE");
    for (const char* h : {"STEP", "BUCKET", "PODS", "CHANGE", "RESTARTS", "EXCLUDED"}) {
      table.headers.emplace_back(h);
    }
    for (const WorkloadForecast& w : f.workloads) {
      std::vector<Cell> row;
      if (policy.cluster) row.emplace_back(w.namespace_);
      row.emplace_back(w.name);
      if (in_waves) row.emplace_back(number(static_cast<std::int64_t>(w.wave) + 1));
      row.emplace_back(stepName(w.step, count));
      row.emplace_back(bucketText(w.bucket));
      row.emplace_back(number(w.pods));
      row.emplace_back(number(w.change));
      row.emplace_back(number(w.restarts));
      row.emplace_back(w.left_out, Tone::kFaint);
      table.rows.push_back(std::move(row));
    }
    append(lines, render(table, style));
  }
  if (!f.notes.empty()) append(lines, f.notes);
  return lines;
}

nlohmann::json toJson(const Forecast& f) {
  using Json = nlohmann::json;
  const auto seconds = [](std::chrono::milliseconds time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
  };
  Json out = {{"workloads", {{"takingPart", f.taking_part}, {"leftOut", f.left_out}}},
              {"pods", {{"total", f.pods}, {"done", f.done}, {"change", f.change}}},
              {"restarts", f.restarts},
              {"steps", Json::array()},
              {"plan", Json::array()},
              {"notes", f.notes}};
  if (f.duration) out["seconds"] = seconds(*f.duration);
  for (const StepForecast& s : f.steps) {
    Json step = {{"wave", s.wave},           {"step", s.step}, {"percent", s.percent},
                 {"workloads", s.workloads}, {"pods", s.pods}, {"restarts", s.restarts}};
    if (f.duration) step["seconds"] = seconds(s.duration);
    out["steps"].push_back(std::move(step));
  }
  for (const WorkloadForecast& w : f.workloads) {
    Json row = {
        {"namespace", w.namespace_}, {"name", w.name}, {"wave", w.wave}, {"step", w.step},
        {"bucket", w.bucket},        {"pods", w.pods}, {"done", w.done}, {"change", w.change},
        {"restarts", w.restarts}};
    if (!w.left_out.empty()) row["leftOut"] = w.left_out;
    out["plan"].push_back(std::move(row));
  }
  return out;
}

}  // namespace profiling::cli
