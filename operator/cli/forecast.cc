#include "operator/cli/forecast.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "controllers/engine/engine.h"
#include "operator/base/str_cat.h"
#include "operator/base/time_text.h"

namespace profiling::cli {
namespace {

using std::chrono::milliseconds;

milliseconds durationOf(const std::string& text) {
  const auto value = parseDuration(text);
  return value.ok() ? *value : milliseconds(0);
}

// Why none of the workload's pods can get an agent; empty if some can.
std::string unsupported(const api::WorkloadProfile& workload) {
  const api::WorkloadPods& pods = workload.status.pods;
  if (pods.total == 0 || pods.skipped < pods.total) return {};
  const auto& reasons = workload.status.skipped_reasons;
  if (!reasons.empty()) return reasons.front().reason;
  return workload.status.preflight ? workload.status.preflight->reason : "Skipped";
}

std::string whyLeftOut(const api::WorkloadProfile& workload) {
  if (workload.spec.skip) return "skipped (spec.skip)";
  if (!workload.spec.pin.empty()) return "pinned to " + workload.spec.pin;
  return unsupported(workload);
}

// Time for one workload to change `change` pods in the policy's pod steps.
void estimate(const api::RolloutSpec& rollout, milliseconds pod_start, WorkloadForecast& w) {
  const milliseconds soak = durationOf(rollout.pods.soak);
  const milliseconds cooldown = durationOf(rollout.restart.cooldown);
  const std::int64_t together = std::max<std::int64_t>(rollout.restart.max_unavailable, 1);
  std::int64_t reached = w.done;
  for (const std::int64_t percent : rollout.pods.steps) {
    const std::int64_t wanted = engine::podsOfStep(w.done + w.change, percent);
    if (wanted <= reached) continue;
    if (w.whole.count() > 0 && cooldown > soak) w.whole += cooldown - soak;
    const std::int64_t rounds = (wanted - reached + together - 1) / together;
    w.replacing += pod_start * rounds;
    w.whole += pod_start * rounds + soak;
    reached = wanted;
  }
}

// `lowest` is the lowest bucket of each wave.
void assignSteps(const std::vector<std::int64_t>& steps, std::vector<WorkloadForecast>& workloads,
                 const std::map<std::size_t, std::uint32_t>& lowest) {
  for (WorkloadForecast& w : workloads) {
    if (w.left_out.empty()) w.step = engine::stepOf(steps, w.bucket, lowest.at(w.wave));
  }
}

StepForecast& stepFor(Forecast& out, const WorkloadForecast& w, const api::RolloutSpec& rollout) {
  if (out.steps.empty() || out.steps.back().wave != w.wave || out.steps.back().step != w.step) {
    out.steps.push_back(
        {.wave = w.wave, .step = w.step, .percent = rollout.workloads.steps[w.step - 1]});
  }
  return out.steps.back();
}

void addUp(Forecast& out, const api::RolloutSpec& rollout) {
  const auto slots = std::max<std::int64_t>(rollout.workloads.max_parallel, 1);
  milliseconds replacing{0};
  milliseconds waiting{0};
  milliseconds longest{0};
  for (std::size_t i = 0; i < out.workloads.size(); ++i) {
    const WorkloadForecast& w = out.workloads[i];
    if (w.step == 0) {
      ++out.left_out;
      continue;
    }
    StepForecast& step = stepFor(out, w, rollout);
    if (step.workloads == 0) replacing = waiting = longest = milliseconds(0);
    ++step.workloads;
    step.pods += w.change;
    step.restarts += w.restarts;
    // The slowest workload is a lower bound, and so are all replacements divided by the slots.
    replacing += w.replacing;
    waiting = std::max(waiting, w.whole - w.replacing);
    longest = std::max(longest, w.whole);
    step.duration = std::max(longest, replacing / slots + waiting);
    ++out.taking_part;
    out.pods += w.pods;
    out.done += w.done;
    out.change += w.change;
    out.restarts += w.restarts;
  }
}

std::vector<std::string> notesFor(const Policy& policy, const api::RolloutSpec& rollout,
                                  const Forecast& out) {
  std::vector<std::string> notes;
  if (policy.observes()) {
    notes.emplace_back(
        "The policy only observes: none of this happens until spec.mode is Enforce.");
  }
  if (policy.stale()) {
    notes.emplace_back(
        "The controller has not processed the policy's last change; the forecast may be stale.");
  }
  if (rollout.restart.mode != api::RestartMode::kManaged) {
    notes.emplace_back("spec.rollout.restart.mode is " +
                       std::string(api::restartModeName(rollout.restart.mode)) +
                       ": nothing is restarted; pods change at their next start.");
  } else if (!rollout.restart.windows.empty()) {
    notes.emplace_back(
        "Pods are replaced only in maintenance windows; the time between them is not included.");
  }
  if (rollout.workloads.approval == api::Approval::kEachStep) {
    notes.emplace_back("Each step waits for approval: kubectl profiling rollout promote " +
                       policy.shortName());
  }
  const auto lowest = [&](const WorkloadForecast& w) {
    return w.step == 1 && w.bucket >= rollout.workloads.steps.front() * 100;
  };
  if (std::ranges::any_of(out.workloads, lowest)) {
    notes.emplace_back(
        "No bucket falls into the first step: the workload with the lowest one comes first.");
  }
  const auto never = std::ranges::count_if(
      out.workloads, [](const auto& w) { return w.step == 0 && w.left_out.empty(); });
  if (never > 0) {
    notes.push_back(strCat("The last step is ", rollout.workloads.steps.back(), "%: ", never,
                           " workloads are in no step."));
  }
  return notes;
}

}  // namespace

Forecast forecast(const Policy& policy, const Workloads& workloads,
                  const ForecastOptions& options) {
  const api::RolloutSpec rollout = policy.spec.rollout.value_or(api::RolloutSpec{});
  const bool managed = rollout.restart.mode == api::RestartMode::kManaged;
  Forecast out;
  std::map<std::size_t, std::uint32_t> lowest;
  for (const api::WorkloadProfile& profile : workloads) {
    const api::WorkloadProfileStatus& status = profile.status;
    WorkloadForecast w;
    w.namespace_ = profile.metadata.namespace_;
    w.name = shortName(profile);
    const auto wave = options.waves.find(w.namespace_);
    w.wave = wave == options.waves.end() ? 0 : wave->second;
    w.bucket = engine::bucketOf(policy.metadata.uid, w.namespace_ + "/" + status.workload_ref.kind +
                                                         "/" + status.workload_ref.name);
    if (unsupported(profile).empty()) {
      const auto known = lowest.try_emplace(w.wave, w.bucket).first;
      known->second = std::min(known->second, w.bucket);
    }
    w.pods = status.pods.total;
    w.left_out = whyLeftOut(profile);
    w.done = std::max<std::int64_t>(status.pods.profiled - status.pods.outdated, 0);
    if (w.left_out.empty()) {
      w.change = std::max<std::int64_t>(w.pods - status.pods.skipped - w.done, 0);
    }
    if (managed) w.restarts = w.change;
    if (managed) estimate(rollout, options.pod_start, w);
    out.workloads.push_back(std::move(w));
  }
  assignSteps(rollout.workloads.steps, out.workloads, lowest);
  const auto order = [](const WorkloadForecast& w) {
    const std::size_t step = w.step == 0 ? std::numeric_limits<std::size_t>::max() : w.step;
    return std::tuple(w.step == 0, w.wave, step, w.bucket, std::string_view(w.name));
  };
  std::ranges::sort(out.workloads, {}, order);
  addUp(out, rollout);
  if (managed) {
    out.duration = milliseconds(0);
    for (const StepForecast& step : out.steps) *out.duration += step.duration;
  }
  out.notes = notesFor(policy, rollout, out);
  return out;
}

}  // namespace profiling::cli
