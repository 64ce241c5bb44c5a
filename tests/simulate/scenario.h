// The script of one schedule, drawn from its seed before it begins: the cluster, the plan, the
// faults, and the timed actions of people, nodes and processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controllers/engine/world.h"

namespace profiling::simulate {

using Ms = std::int64_t;  // since the schedule began: Monday, 2026-01-05T00:00:00Z
inline constexpr Ms kSecond = 1000;
inline constexpr Ms kMinute = 60 * kSecond;
inline constexpr Ms kHour = 60 * kMinute;
inline constexpr Ms kNever = Ms{1} << 60;

inline engine::Time timeAt(Ms at) {
  return engine::Time(std::chrono::seconds(1767571200) + std::chrono::milliseconds(at));
}
inline Ms msOf(engine::Time t) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(t - timeAt(0)).count();
}

struct WorkloadSpec {
  std::string key, kind, image;
  std::size_t wave = 0;
  std::uint32_t bucket = 0;
  std::int64_t replicas = 1;
  bool unsupported = false;
  bool surges = false, paused = false, on_delete = false, at_maximum = false, budget_spent = false;
  bool reverts = false;  // GitOps removes our annotation again
  std::int64_t partition = 0;
  Ms slowest_start = 20 * kSecond;
  std::int64_t cpu_milli = 200, memory_mib = 256;
  bool batch() const { return kind == "CronJob"; }
  bool ordinals() const { return kind == "StatefulSet"; }
};

// A fault of pods. `revision` empty: independent of their revision.
struct Fault {
  enum class Kind {
    kCrash,
    kNeverReady,
    kImagePull,
    kOverhead,
    kSilent,
    kNotAsked,  // the API server does not ask the webhook
    kRefused    // the API server refuses a pod with an agent; later ones come without
  } kind = Kind::kCrash;
  std::int64_t workload = -1;  // -1: every third one
  std::string revision = {};
  Ms from = 0, until = kNever;
  std::int64_t amount = 0;  // kOverhead: per cent of CPU
  bool hits(std::int64_t w, const std::string& of, Ms now) const {
    return now >= from && now < until && (revision.empty() || revision == of) &&
           (workload < 0 ? w % 3 == 0 : workload == w);
  }
};

// The agent of a revision; the revisions of a ladder differ only in the profile types.
inline std::string agentOf(const std::string& revision) {
  return "java " + revision.substr(0, 2);
}

struct Outage {
  enum class Of { kMetrics, kArrival, kServer, kOwnerReads } of = Of::kMetrics;
  Ms from = 0, until = kNever;
};

struct Step {  // a step of the script
  enum class Kind {
    kPodLost,      // a node fails
    kDeploy,       // the owner changes its template
    kScale,        // to `amount`
    kRun,          // a CronJob runs
    kOwnerHealed,  // unpaused, disruption budget available again
    kRevision,     // `text` becomes the target
    kPause,
    kResume,
    kAbort,
    kRetry,
    kPromote,
    kBudgets,  // maxParallel, maxUnavailable
    kUnavailable,
    kAvailable,
    kPolicyGone,
    kWishPaused,
    kWishSkip,
    kWishPin,
    kWishNothing,
    kApprove,   // everything held
    kKill,      // kill the controller at its next decision, after `amount` writes and actions
    kElsewhere  // `amount` workloads of other policies are being restarted
  } kind = Kind::kPodLost;
  Ms at = 0;
  std::int64_t workload = 0, amount = 0;
  std::string text = {};
  bool overlaps = false;  // kKill: its requests in flight still reach the cluster
  Ms down = 0, jump = 0;  // kKill: downtime; clock jump at the restart
};

struct Scenario {
  std::uint64_t seed = 0;
  engine::Plan plan;
  std::vector<WorkloadSpec> workloads;
  std::vector<Fault> faults;
  std::vector<Outage> outages;
  std::vector<Step> script;
  std::int64_t replicas = 2;  // webhook replicas
  std::int64_t max_restarting = 0;
  Ms slowest_watch = 5 * kSecond, debounce = kSecond, poll = 2 * kMinute;
  bool healthy = false;      // nothing blocks the rollout: it must complete
  bool comparable = false;   // the end state does not depend on timing
  bool undisturbed = false;  // run without kills and delays
  bool jumps = false;
  Ms horizon = 0;
};

struct Limits {
  std::int64_t workloads = 0;  // workloads in every schedule; 0: drawn
};
Scenario makeScenario(std::uint64_t seed, const Limits& limits = {});
// The longest that a healthy rollout may take.
Ms longestRollout(const Scenario& scenario);

}  // namespace profiling::simulate
