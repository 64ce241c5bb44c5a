// WorkloadProfile: the state of one workload that a policy matches. The controller writes one for
// each, named `<kind>-<name>` in the workload's namespace and owned by the workload, so that it is
// deleted with it. Users write the spec, the controller the status.
#pragma once

#include "operator/api/v1alpha1/common.h"
#include "operator/api/v1alpha1/policy.h"
#include "operator/api/v1alpha1/rollout.h"

namespace profiling::api {

struct WorkloadRef {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
};

// The policy that decides. A namespaced one is in the record's own namespace.
struct PolicyRef {
  std::string kind;
  std::string name;
};

// Live pods (neither finished nor being deleted). Every matched one is in exactly one of profiled,
// missed, waiting and skipped.
struct WorkloadPods {
  std::int64_t total = 0;
  std::int64_t profiled = 0;  // carry an agent of any revision
  std::int64_t ready = 0;     // of those, pass their readiness probes
  std::int64_t outdated = 0;  // of those, carry a revision other than the target
  std::int64_t missed = 0;    // would get an agent if they started now
  std::int64_t waiting = 0;   // will get one when the rollout reaches them
  std::int64_t skipped = 0;   // get none, for a reason below
};

// The variables of a ConfigMap in a pod's environment that decide about agents, as the container
// would see them. No values.
struct ConfigMapNames {
  std::string config_map;
  std::vector<std::string> names;

  bool operator==(const ConfigMapNames&) const = default;
};

// What the webhook would do with the workload's pods if they started now, computed from one of
// them; valid for that template and revision.
struct Preflight {
  std::string template_hash;
  std::string revision;
  std::string reason;
  std::vector<Language> languages;          // that would be injected
  std::vector<ConfigMapNames> config_maps;  // that the pod names and that could be read

  bool operator==(const Preflight&) const = default;
};

// What is known of a container whose languages were not certain. Another image is another program.
struct DetectedLanguages {
  std::string container;
  std::string image_hash;  // of the image's name without tag and digest, see inject::imageHash
  std::vector<Language> languages = {};  // whose agents sent profiles
  // For one version of the image: whose agents were in a pod that ran long enough and sent nothing,
  // and whether a pod crashed with them.
  std::vector<Language> silent = {};
  bool crashed = false;
  std::string image_version = {};  // see inject::imageVersionHash; empty where profiles arrived

  bool operator==(const DetectedLanguages&) const = default;
};
inline constexpr std::size_t kMaxDetected = 20;

struct WorkloadProfileSpec {
  bool paused = false;  // the rollout leaves the workload as it is
  bool skip = false;    // it takes no part, and gets no agent that it does not have
  std::string pin;      // a revision that it keeps, whatever the policy's is
  std::string approve;  // a revision whose unclear verdict no longer holds it
};

struct WorkloadProfileStatus {
  std::int64_t observed_generation = 0;
  std::string phase;  // Profiled, Partial, Missed, Waiting, Skipped, Observed, Unmatched, Idle
  WorkloadRef workload_ref;
  std::optional<PolicyRef> policy_ref;
  std::string mode;  // of that policy: Enforce or Observe
  std::string target_revision;
  WorkloadPods pods;
  std::vector<Language> languages;             // of the agents in the profiled pods
  std::vector<DetectedLanguages> detected;     // of containers without other evidence
  std::vector<SkippedReason> skipped_reasons;  // the most frequent kMaxSkippedReasons
  std::optional<Preflight> preflight;
  // uids of the ReplicaSets or Jobs that are known to belong to the workload, newest last: they
  // need not be read again.
  std::vector<std::string> owner_uids;
  std::optional<WorkloadRollout> rollout;
  std::vector<Condition> conditions;  // Profiled
};

inline constexpr std::size_t kMaxOwnerUids = 10;

struct WorkloadProfile {
  static constexpr std::string_view kKind = "WorkloadProfile";
  static constexpr std::string_view kPlural = "workloadprofiles";
  ObjectMeta metadata;
  std::string owner_uid;  // of the owner reference with controller: true
  WorkloadProfileSpec spec;
  WorkloadProfileStatus status;
};

// `<kind>-<name>` in lower case; a name that would be too long ends in a hash instead.
std::string workloadProfileName(std::string_view kind, std::string_view name);

}  // namespace profiling::api
