// Field tables of spec.rollout and of the engine's records. Internal.
#pragma once

#include "operator/api/fields.h"
#include "operator/api/v1alpha1/rollout.h"
#include "operator/api/v1alpha1/tables.h"

namespace profiling::api {

inline constexpr const char* kWeekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

template <>
struct EnumTable<RestartMode> {
  static constexpr std::array<std::pair<RestartMode, const char*>, 3> names{
      {{RestartMode::kNever, "Never"},
       {RestartMode::kOnOwnerChange, "OnOwnerChange"},
       {RestartMode::kManaged, "Managed"}}};
};
template <>
struct EnumTable<RestartMethod> {
  static constexpr std::array<std::pair<RestartMethod, const char*>, 3> names{
      {{RestartMethod::kAuto, "Auto"},
       {RestartMethod::kEvict, "Evict"},
       {RestartMethod::kRolloutRestart, "RolloutRestart"}}};
};
template <>
struct EnumTable<OnInconclusive> {
  static constexpr std::array<std::pair<OnInconclusive, const char*>, 2> names{
      {{OnInconclusive::kHold, "Hold"}, {OnInconclusive::kRollBack, "RollBack"}}};
};
template <>
struct EnumTable<OnFailure> {
  static constexpr std::array<std::pair<OnFailure, const char*>, 2> names{
      {{OnFailure::kRollBack, "RollBack"}, {OnFailure::kPause, "Pause"}}};
};
template <>
struct EnumTable<Approval> {
  static constexpr std::array<std::pair<Approval, const char*>, 2> names{
      {{Approval::kNone, "None"}, {Approval::kEachStep, "EachStep"}}};
};
template <>
struct EnumTable<WorkloadState> {
  static constexpr std::array<std::pair<WorkloadState, const char*>, 11> names{
      {{WorkloadState::kPending, "Pending"},
       {WorkloadState::kPreflight, "Preflight"},
       {WorkloadState::kBaselining, "Baselining"},
       {WorkloadState::kStepping, "Stepping"},
       {WorkloadState::kSoaking, "Soaking"},
       {WorkloadState::kEvaluating, "Evaluating"},
       {WorkloadState::kPaused, "Paused"},
       {WorkloadState::kRollingBack, "RollingBack"},
       {WorkloadState::kRolledBack, "RolledBack"},
       {WorkloadState::kComplete, "Complete"},
       {WorkloadState::kSkipped, "Skipped"}}};
};
template <>
struct EnumTable<Verdict> {
  static constexpr std::array<std::pair<Verdict, const char*>, 5> names{
      {{Verdict::kNone, "None"},
       {Verdict::kPass, "Pass"},
       {Verdict::kFail, "Fail"},
       {Verdict::kError, "Error"},
       {Verdict::kInconclusive, "Inconclusive"}}};
};
template <>
struct EnumTable<Attribution> {
  static constexpr std::array<std::pair<Attribution, const char*>, 4> names{
      {{Attribution::kNone, "None"},
       {Attribution::kAgent, "Agent"},
       {Attribution::kApplication, "Application"},
       {Attribution::kUnknown, "Unknown"}}};
};

template <>
struct Table<RolloutWave> {
  static constexpr auto fields =
      std::make_tuple(field("namespaceSelector", &RolloutWave::namespace_selector));
};
template <>
struct Table<WorkloadSteps> {
  using S = WorkloadSteps;
  static constexpr auto fields = std::make_tuple(
      field("steps", &S::steps, {.defaulted = true, .minimum = 1, .maximum = 100}),
      field("maxParallel", &S::max_parallel, {.defaulted = true, .minimum = 1, .maximum = 1000}),
      field("failureBudget", &S::failure_budget,
            {.defaulted = true, .minimum = 1, .maximum = 10000}),
      field("approval", &S::approval, {.defaulted = true}));
};
template <>
struct Table<PodSteps> {
  static constexpr auto fields = std::make_tuple(
      field("steps", &PodSteps::steps, {.defaulted = true, .minimum = 1, .maximum = 100}),
      field("soak", &PodSteps::soak, {.defaulted = true}));
};
template <>
struct Table<MaintenanceWindow> {
  static constexpr auto fields =
      std::make_tuple(field("days", &MaintenanceWindow::days, {.words = kWeekdays}),
                      field("start", &MaintenanceWindow::start, {.required = true}),
                      field("duration", &MaintenanceWindow::duration, {.required = true}));
};
template <>
struct Table<RestartRules> {
  using S = RestartRules;
  static constexpr auto fields = std::make_tuple(
      field("mode", &S::mode, {.defaulted = true}),
      field("method", &S::method, {.defaulted = true}),
      field("maxUnavailable", &S::max_unavailable,
            {.defaulted = true, .minimum = 1, .maximum = 1000}),
      field("cooldown", &S::cooldown, {.defaulted = true}), field("windows", &S::windows));
};
template <>
struct Table<GateRules> {
  using S = GateRules;
  static constexpr auto fields = std::make_tuple(
      field("maxRestarts", &S::max_restarts, {.defaulted = true, .minimum = 0, .maximum = 100}),
      field("readyWithin", &S::ready_within, {.defaulted = true}),
      field("profilesWithin", &S::profiles_within),
      field("maxCPUOverheadPercent", &S::max_cpu_overhead_percent, {.minimum = 1, .maximum = 1000}),
      field("maxMemoryOverhead", &S::max_memory_overhead),
      field("onInconclusive", &S::on_inconclusive, {.defaulted = true}));
};
template <>
struct Table<RolloutSpec> {
  using S = RolloutSpec;
  static constexpr auto fields =
      std::make_tuple(field("paused", &S::paused, {.defaulted = true}), field("order", &S::order),
                      field("workloads", &S::workloads, {.defaulted = true}),
                      field("pods", &S::pods, {.defaulted = true}),
                      field("restart", &S::restart, {.defaulted = true}),
                      field("gates", &S::gates, {.defaulted = true}),
                      field("onFailure", &S::on_failure, {.defaulted = true}),
                      field("progressDeadline", &S::progress_deadline, {.defaulted = true}));
};

template <>
struct Table<GateVerdict> {
  using S = GateVerdict;
  static constexpr auto fields =
      std::make_tuple(field("result", &S::result), field("attribution", &S::attribution),
                      field("reason", &S::reason), field("message", &S::message),
                      field("evidence", &S::evidence), field("time", &S::time));
};
template <>
struct Table<Baseline> {
  static constexpr auto fields = std::make_tuple(
      field("time", &Baseline::time), field("restarts", &Baseline::restarts),
      field("cpuMilli", &Baseline::cpu_milli), field("memoryBytes", &Baseline::memory_bytes));
};
template <>
struct Table<Overhead> {
  static constexpr auto fields = std::make_tuple(field("cpuPercent", &Overhead::cpu_percent),
                                                 field("memoryBytes", &Overhead::memory_bytes),
                                                 field("samples", &Overhead::samples));
};
template <>
struct Table<Replacements> {
  using S = Replacements;
  static constexpr auto fields = std::make_tuple(
      field("since", &S::since), field("asked", &S::asked), field("fruitless", &S::fruitless),
      field("next", &S::next), field("newest", &S::newest));
};
template <>
struct Table<RolloutHistory> {
  static constexpr auto fields = std::make_tuple(
      field("revision", &RolloutHistory::revision), field("result", &RolloutHistory::result),
      field("reason", &RolloutHistory::reason), field("time", &RolloutHistory::time));
};
template <>
struct Table<ImageAgent> {
  static constexpr auto fields =
      std::make_tuple(field("image", &ImageAgent::image), field("agent", &ImageAgent::agent),
                      field("policy", &ImageAgent::policy),
                      field("revision", &ImageAgent::revision), field("time", &ImageAgent::time));
};
template <>
struct Table<WorkloadRollout> {
  using S = WorkloadRollout;
  static constexpr auto fields = std::make_tuple(
      field("state", &S::state), field("reason", &S::reason), field("message", &S::message),
      field("targetRevision", &S::target_revision), field("stableRevision", &S::stable_revision),
      field("assignedRevision", &S::assigned_revision), field("targetPods", &S::target_pods),
      field("firstOrdinal", &S::first_ordinal), field("rejectedRevision", &S::rejected_revision),
      field("step", &S::step), field("steps", &S::steps), field("reduction", &S::reduction),
      field("share", &S::share), field("probe", &S::probe), field("since", &S::since),
      field("started", &S::started), field("lastRestart", &S::last_restart),
      field("restartAttempts", &S::restart_attempts), field("replacements", &S::replacements),
      field("restartMode", &S::restart_mode), field("maxUnavailable", &S::max_unavailable),
      field("verdict", &S::verdict), field("baseline", &S::baseline),
      field("overhead", &S::overhead), field("history", &S::history),
      field("quarantine", &S::quarantine), field("cleared", &S::cleared));
};
template <>
struct Table<PolicyRollout> {
  using S = PolicyRollout;
  static constexpr auto fields = std::make_tuple(
      field("revision", &S::revision), field("wave", &S::wave), field("waves", &S::waves),
      field("step", &S::step), field("steps", &S::steps), field("stepSince", &S::step_since),
      field("pending", &S::pending), field("active", &S::active), field("held", &S::held),
      field("complete", &S::complete), field("failed", &S::failed), field("skipped", &S::skipped),
      field("reason", &S::reason), field("message", &S::message));
};

// The schema's CEL rules. `cluster`: only then may `order` be set.
Status validate(const RolloutSpec& rollout, bool cluster);

}  // namespace profiling::api
