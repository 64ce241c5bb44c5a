// spec.rollout of a policy, and the records of the rollout engine: for the policy as a whole in its
// status, for each workload in its WorkloadProfile. Records and observations are the engine's whole
// memory: a restarted controller continues from them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/v1alpha1/common.h"
#include "operator/api/v1alpha1/rollout_reason.h"

namespace profiling::api {

enum class RestartMode : std::uint8_t {
  kNever,          // pods change only when somebody else starts them
  kOnOwnerChange,  // the same, but pods that our agent keeps from running are deleted to undo it
  kManaged,        // running pods are replaced, within the budgets
};
enum class RestartMethod : std::uint8_t { kAuto, kEvict, kRolloutRestart };
enum class OnInconclusive : std::uint8_t { kHold, kRollBack };
enum class OnFailure : std::uint8_t { kRollBack, kPause };
enum class Approval : std::uint8_t { kNone, kEachStep };

// A wave: namespaces that are rolled out together. Those that no wave selects come last.
struct RolloutWave {
  LabelSelector namespace_selector;
};
struct WorkloadSteps {
  std::vector<std::int64_t> steps{100};  // per cent of the workloads, rising
  std::int64_t max_parallel = 5;         // workloads whose pods are being replaced at one time
  std::int64_t failure_budget = 1;       // failed workloads that stop the rollout
  Approval approval = Approval::kNone;   // kEachStep: a user promotes each step
};
struct PodSteps {
  std::vector<std::int64_t> steps{100};  // per cent of the pods inside a workload, rising
  std::string soak = "5m";               // how long a step must stay healthy
};
// Times of the week, UTC, in which pods may be replaced.
struct MaintenanceWindow {
  std::vector<std::string> days;  // Mon Tue Wed Thu Fri Sat Sun; empty: every day
  std::string start;              // "22:00"
  std::string duration;           // "4h"
};
struct RestartRules {
  RestartMode mode = RestartMode::kOnOwnerChange;
  RestartMethod method = RestartMethod::kAuto;
  std::int64_t max_unavailable = 1;  // pods of a workload that may be away at one time
  std::string cooldown = "10m";      // between two rounds of restarts of one workload
  std::vector<MaintenanceWindow> windows;
};
struct GateRules {
  std::int64_t max_restarts = 0;  // of a profiled pod's containers
  std::string ready_within = "5m";
  std::optional<std::string> profiles_within;  // absent: 3m with serverRef, else no such gate
  std::optional<std::int64_t> max_cpu_overhead_percent;
  std::optional<std::string> max_memory_overhead;  // a quantity: 128Mi
  OnInconclusive on_inconclusive = OnInconclusive::kHold;
};
struct RolloutSpec {
  bool paused = false;
  std::vector<RolloutWave> order;  // cluster policies only
  WorkloadSteps workloads;
  PodSteps pods;
  RestartRules restart;
  GateRules gates;
  OnFailure on_failure = OnFailure::kRollBack;
  std::string progress_deadline = "1h";  // of one step of one workload
};

// User requests to a policy's rollout, as annotations, so that RBAC and GitOps see them.
inline constexpr std::string_view kAbortKey = "profiling.dev/abort";  // a target revision
// "<target revision>" (everything at once) or "<target revision>/<wave>/<step>" (as of that step).
inline constexpr std::string_view kPromoteKey = "profiling.dev/promote";
// RFC 3339: failures until then are forgiven.
inline constexpr std::string_view kRetryKey = "profiling.dev/retry";
// Any text; a new value makes a revision with the current agent images.
inline constexpr std::string_view kRefreshAgentsKey = "profiling.dev/refresh-agents";

enum class WorkloadState : std::uint8_t {
  kPending,      // its turn has not come
  kPreflight,    // its turn has come; an obstacle blocks it, or it waits for a slot
  kBaselining,   // its normal behaviour is measured
  kStepping,     // pods get the target revision
  kSoaking,      // they have it, and must stay healthy
  kEvaluating,   // soaked; a verdict is awaited
  kPaused,       // held: a user or an unclear verdict stopped it
  kRollingBack,  // pods are taken back to the stable revision
  kRolledBack,   // it stays out until the revision changes or a user retries
  kComplete,
  kSkipped,
};
inline constexpr std::size_t kWorkloadStateCount =
    static_cast<std::size_t>(WorkloadState::kSkipped) + 1;
enum class Verdict : std::uint8_t { kNone, kPass, kFail, kError, kInconclusive };
enum class Attribution : std::uint8_t { kNone, kAgent, kApplication, kUnknown };

struct GateVerdict {
  Verdict result = Verdict::kNone;
  Attribution attribution = Attribution::kNone;
  RecordedReason reason;
  std::string message;
  std::vector<std::string> evidence;  // at most kMaxEvidence lines, each at most 256 bytes
  std::string time;                   // RFC 3339: of the last change
  bool operator==(const GateVerdict&) const = default;
};
inline constexpr std::size_t kMaxEvidence = 5;

// The workload before the rollout touched it.
struct Baseline {
  std::string time;
  std::int64_t restarts = 0;   // of all its pods
  std::int64_t cpu_milli = 0;  // a pod's mean; 0: not known
  std::int64_t memory_bytes = 0;
  bool operator==(const Baseline&) const = default;
};
struct Overhead {
  std::int64_t cpu_percent = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t samples = 0;
  bool operator==(const Overhead&) const = default;
};
// What became of the pods that were replaced, so that none are replaced over and over for nothing.
struct Replacements {
  std::string since;           // of the first whose outcome is awaited; empty: none is
  std::string newest;          // when the youngest pod of that moment was created
  std::int64_t asked = 0;      // since then
  std::int64_t fruitless = 0;  // tries in a row that changed nothing
  std::string next;            // no pod is replaced before; empty: at any time
  bool operator==(const Replacements&) const = default;
};
struct RolloutHistory {
  std::string revision;
  RecordedResult result;
  RecordedReason reason;
  std::string time;
  bool operator==(const RolloutHistory&) const = default;
};
inline constexpr std::size_t kMaxHistory = 5;

// An application image in which an agent broke a process, or was proven to work again.
struct ImageAgent {
  std::string image;     // digest: sha256:…
  std::string agent;     // language and version: "java 2.1.2"
  std::string policy;    // "namespace/name" or the cluster policy's name
  std::string revision;  // that the pods carried
  std::string time;
  bool operator==(const ImageAgent&) const = default;
};
inline constexpr std::size_t kMaxImageAgents = 5;

// status.rollout of a WorkloadProfile.
struct WorkloadRollout {
  WorkloadState state = WorkloadState::kPending;
  RecordedReason reason;  // what it waits for, why it is held or skipped
  std::string message;
  std::string target_revision;    // what it moves to
  std::string stable_revision;    // what it goes back to; empty: no agent
  std::string assigned_revision;  // what the webhook gives now; empty: none
  // Pods that may carry the assigned revision; the others get the stable one. Absent: all.
  std::optional<std::int64_t> target_pods;
  std::optional<std::int64_t> first_ordinal;  // StatefulSet: pods from this ordinal on
  std::string rejected_revision;              // failed here, or was aborted
  std::int64_t step = 0;                      // of pods.steps, from 1
  std::int64_t steps = 0;
  std::int64_t reduction = 0;         // how many rungs down the overhead ladder
  std::optional<std::int64_t> share;  // per cent of the pods, where all of them cost too much
  bool probe = false;                 // one pod tries what an agent broke before
  std::string since;                  // of the state
  std::string started;                // of the move to the target
  std::string last_restart;           // when we replaced a pod last
  std::int64_t restart_attempts = 0;  // template annotations written for this target
  std::optional<Replacements> replacements;
  RestartMode restart_mode = RestartMode::kOnOwnerChange;  // the policy's, for when it is gone
  std::int64_t max_unavailable = 1;
  GateVerdict verdict;
  std::optional<Baseline> baseline;
  std::optional<Overhead> overhead;
  std::vector<RolloutHistory> history;  // newest first, at most kMaxHistory
  // Newest first, at most kMaxImageAgents. An agent that broke an image here is started with it in
  // no workload of the cluster; one that was proven here is free again.
  std::vector<ImageAgent> quarantine, cleared;
  bool operator==(const WorkloadRollout&) const = default;
};

// status.rollout of a policy.
struct PolicyRollout {
  std::string revision;   // that is being rolled out
  std::int64_t wave = 0;  // from 0
  std::int64_t waves = 0;
  std::int64_t step = 0;  // of workloads.steps, from 1
  std::int64_t steps = 0;
  std::string step_since;
  std::int64_t pending = 0, active = 0, held = 0, complete = 0, failed = 0, skipped = 0;
  RecordedPolicyReason reason;  // why it does not continue; empty: it does
  std::string message;
  bool operator==(const PolicyRollout&) const = default;
};

// The wave of a namespace with these labels: the first that selects it, else one after the last.
std::size_t waveOf(const std::vector<RolloutWave>& order,
                   const std::map<std::string, std::string>& namespace_labels);

// Whether new pods get the target at once: nothing is staged and nothing restarted.
bool immediate(const std::optional<RolloutSpec>& rollout);

std::string_view stateName(WorkloadState state);
std::string_view verdictName(Verdict verdict);
std::string_view attributionName(Attribution attribution);
std::string_view restartModeName(RestartMode mode);

// "22:00" since midnight; "128Mi" in bytes (plain, Ki, Mi or Gi, at most nine digits).
std::optional<std::chrono::milliseconds> timeOfDay(std::string_view text);
std::optional<std::int64_t> memoryBytes(std::string_view text);

}  // namespace profiling::api
