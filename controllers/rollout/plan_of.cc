#include "controllers/rollout/plan_of.h"

#include <algorithm>

#include "operator/base/time_text.h"

namespace profiling::controllers {
namespace {

// Validated when the policy was read.
engine::Duration durationOf(const std::string& text) {
  const auto duration = parseDuration(text);
  return duration.ok() ? *duration : engine::Duration(0);
}

engine::Window windowOf(const api::MaintenanceWindow& window) {
  static constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu",
                                                         "Fri", "Sat", "Sun"};
  engine::Window out;
  for (std::size_t i = 0; i < kDays.size(); ++i) {
    out.days.at(i) =
        window.days.empty() || std::ranges::find(window.days, kDays.at(i)) != window.days.end();
  }
  out.start = api::timeOfDay(window.start).value_or(engine::Duration(0));
  out.length = durationOf(window.duration);
  return out;
}

std::string annotation(const api::ObjectMeta& metadata, std::string_view key) {
  const auto it = metadata.annotations.find(std::string(key));
  return it == metadata.annotations.end() ? std::string() : it->second;
}

}  // namespace

engine::Plan planOf(const api::EffectivePolicy& policy) {
  const api::ObjectMeta& metadata = policy.policy.metadata;
  const api::ProfilingPolicySpec& spec = policy.policy.spec;
  const api::RolloutSpec rollout = spec.rollout.value_or(api::RolloutSpec{});
  engine::Plan plan;
  plan.policy = policy.cluster ? metadata.name : metadata.namespace_ + "/" + metadata.name;
  plan.paused = rollout.paused;
  plan.observes = spec.mode == api::PolicyMode::kObserve;
  plan.available = !policy.server_url.empty();
  plan.waves = rollout.order.empty() ? 1 : rollout.order.size() + 1;
  plan.workload_steps = rollout.workloads.steps;
  plan.pod_steps = rollout.pods.steps;
  plan.max_parallel = rollout.workloads.max_parallel;
  plan.failure_budget = rollout.workloads.failure_budget;
  plan.approval = rollout.workloads.approval == api::Approval::kEachStep;
  plan.soak = durationOf(rollout.pods.soak);
  plan.cooldown = durationOf(rollout.restart.cooldown);
  plan.progress_deadline = durationOf(rollout.progress_deadline);
  plan.mode = rollout.restart.mode;
  plan.method = rollout.restart.method;
  plan.max_unavailable = rollout.restart.max_unavailable;
  for (const auto& window : rollout.restart.windows) plan.windows.push_back(windowOf(window));
  plan.gates.max_restarts = rollout.gates.max_restarts;
  plan.gates.ready_within = durationOf(rollout.gates.ready_within);
  if (rollout.gates.profiles_within) {
    plan.gates.profiles_within = durationOf(*rollout.gates.profiles_within);
  } else if (spec.rollout && spec.server_ref) {
    plan.gates.profiles_within = std::chrono::minutes(3);
  }
  plan.gates.max_cpu_percent = rollout.gates.max_cpu_overhead_percent;
  if (rollout.gates.max_memory_overhead) {
    plan.gates.max_memory_bytes = api::memoryBytes(*rollout.gates.max_memory_overhead);
  }
  plan.gates.on_inconclusive = rollout.gates.on_inconclusive;
  plan.pause_on_failure = rollout.on_failure == api::OnFailure::kPause;
  plan.revisions = policy.reduced;
  plan.revisions.insert(plan.revisions.begin(), policy.revision);
  plan.stable = policy.policy.status.stable_revision;
  plan.aborted = annotation(metadata, api::kAbortKey);
  plan.promoted = annotation(metadata, api::kPromoteKey);
  plan.retried = parseRfc3339(annotation(metadata, api::kRetryKey));
  return plan;
}

}  // namespace profiling::controllers
