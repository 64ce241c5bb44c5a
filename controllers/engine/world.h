// The input of the rollout engine, as plain values: a policy's plan, its workloads as observed, and
// the measurements of the gates. Filled by controllers/rollout, and by simulations.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operator/api/v1alpha1/rollout.h"

namespace profiling::engine {

// Wall time as the process counts it: the wall clock at its start plus the time elapsed since, so
// that setting the clock does not end a soak.
using Time = std::chrono::system_clock::time_point;
using Duration = std::chrono::milliseconds;

struct Window {
  std::array<bool, 7> days{};  // Monday first
  Duration start{0};           // since midnight, UTC
  Duration length{0};
};

struct Gates {
  std::int64_t max_restarts = 0;
  Duration ready_within{std::chrono::minutes(5)};
  std::optional<Duration> profiles_within;       // absent: no such gate
  std::optional<std::int64_t> max_cpu_percent;   // absent: no such gate
  std::optional<std::int64_t> max_memory_bytes;  // absent: no such gate
  api::OnInconclusive on_inconclusive = api::OnInconclusive::kHold;
};

// spec.rollout, resolved.
struct Plan {
  std::string policy;  // "namespace/name" or the cluster policy's name, for messages
  bool paused = false;
  bool observes = false;  // mode Observe: nothing is assigned or restarted
  bool available = true;  // the server can be resolved; else nothing is started
  std::size_t waves = 1;
  std::vector<std::int64_t> workload_steps{100}, pod_steps{100};
  std::int64_t max_parallel = 5, failure_budget = 1;
  bool approval = false;
  Duration soak{std::chrono::minutes(5)}, cooldown{std::chrono::minutes(10)};
  Duration progress_deadline{std::chrono::hours(1)};
  api::RestartMode mode = api::RestartMode::kOnOwnerChange;
  api::RestartMethod method = api::RestartMethod::kAuto;
  std::int64_t max_unavailable = 1;
  std::vector<Window> windows;  // empty: always
  Gates gates;
  bool pause_on_failure = false;
  // [0] is the target. Each further one profiles less than the one before and is tried where that
  // one costs too much.
  std::vector<std::string> revisions;
  std::string stable;  // the last revision that was rolled out everywhere
  // User requests.
  std::string aborted;          // revision
  std::string promoted;         // "<revision>" or "<revision>/<wave>/<step>"
  std::optional<Time> retried;  // failures until then are forgiven

  // No steps and no restarts: new pods get the target at once.
  bool immediate() const;
};

// Why a pod's container does not run, or why it ended last time.
struct Failure {
  std::string container;
  bool init = false;
  bool ours = false;                      // one of our init containers
  std::optional<std::int64_t> exit_code;  // absent: the container waits
  std::string reason;      // OOMKilled, Error, CrashLoopBackOff, ImagePullBackOff, …
  std::string message;     // termination message, at most 256 bytes
  std::string image = {};  // digest of the container's image; empty: not known
  std::vector<std::string> agents = {};  // in the container, as api::ImageAgent names them
};

struct Pod {
  std::string name, uid;
  std::string revision;  // label profiling.dev/profiled; empty: no agent
  std::string template_hash;
  std::int64_t ordinal = -1;  // of a StatefulSet's
  bool ready = false, deleting = false;
  bool eligible = true;  // the decision would give it an agent, or it has one
  bool refused = false;  // the API server refused a moment ago to let it go
  // What the webhook wrote into a pod without an agent: the reason. Empty: nothing, so the API
  // server may not have asked it.
  std::string answer;
  Time created{};
  std::int64_t restarts = 0;       // of all its containers
  std::optional<Failure> failure;  // of the container that fails now or failed last
  // Means since the step began; absent: no sample.
  std::optional<std::int64_t> cpu_milli, memory_bytes;
  std::int64_t samples = 0;
  std::optional<bool> reporting;  // profiles arrived within gates.profiles_within; absent: unknown
};
using Pods = std::vector<Pod>;

// The state of the owner's object, read when the engine needs it.
struct Owner {
  bool found = true;
  std::int64_t replicas = 1;
  bool rolling_out = false;  // a change of its own is under way
  bool paused = false;       // spec.paused
  bool on_delete = false;    // updateStrategy OnDelete
  std::int64_t partition = 0;
  bool surges = false;  // a restart makes a new pod before it takes an old one away
  bool autoscaled_to_maximum = false;
  bool disruptions_allowed = true;        // false: a PodDisruptionBudget is at 0
  std::vector<std::string> budgets = {};  // names of the PodDisruptionBudgets that select its pods
  // With minReadySeconds: its pods that have been ready for that long.
  std::optional<std::int64_t> available = {};
  std::string unreadable = {};     // why it could not be read: only `replicas` is filled, from pods
  std::string restarted_for;       // our template annotation
  bool agent_in_template = false;  // the template itself carries an agent or its label
};

// The API server does not admit the pods that the owner makes.
struct Refusal {
  Time at{};          // of the last one
  std::string words;  // the API server's
};

// The API server did not do what was asked of it last.
struct Setback {
  api::RecordedReason reason;
  std::string message;
};

// Whether the sources of the gates answer. A source that no gate needs counts as working.
struct Sources {
  bool metrics = true;  // metrics.k8s.io answers
  bool arrival = true;  // the storage server's queries are answered
  std::string server;   // why the storage server should get no more agents now; empty: no reason
  std::string webhook;  // why new pods would get no agent now; empty: no reason
};

struct WorkloadOverrides {  // spec of its WorkloadProfile
  bool paused = false;
  bool skip = false;
  std::string pin;      // a revision
  std::string approve;  // a revision that a user approves despite an unclear verdict
};

struct Workload {
  std::string key;  // "namespace/Kind/name"
  std::string kind;
  std::size_t wave = 0;
  std::uint32_t bucket = 0;  // 0..9999, bucketOf()
  bool unsupported = false;  // none of its pods can be injected, for `unsupported_reason`
  api::RecordedReason unsupported_reason;
  WorkloadOverrides overrides;
  api::WorkloadRollout record;
  // Its live pods; null where needsPods() allows it.
  std::shared_ptr<const Pods> pods = std::make_shared<const Pods>();
  // The digests of its images that World::quarantine names, and the agents that its target would
  // bring. Empty where the quarantine names none.
  std::vector<std::string> images, agents;
  // Set when all pods are ready, have never failed and have this revision (empty: no agent).
  std::optional<std::string> steady;
  std::optional<Owner> owner;
  std::optional<Refusal> refusal;
  std::optional<Setback> setback;  // for as long as the controller waits before it asks again
  bool nothing_went = false;       // of what its record asks for, as the API server answered
};

struct World {
  Time now{};
  // How long a webhook process may take to see a record: no pod is replaced sooner after its
  // workload's assignment has changed.
  Duration webhook_lag{0};
  std::vector<Workload> workloads;  // in any order
  api::PolicyRollout record;
  Sources sources;
  // Workloads of other policies whose pods are being replaced, and the limit for all policies; 0:
  // no limit.
  std::int64_t restarting_elsewhere = 0, max_restarting = 0;
  // Those of them that belong to policies of the same namespace, and the limit for these; 0: no limit.
  // Pods of one team that never come leave places to the others.
  std::int64_t restarting_in_namespace = 0, max_in_namespace = 0;
  // From all records of the cluster, whatever their policy. What only one namespace's own policies
  // have seen concerns that namespace: its users can write the evidence.
  struct Seen {
    std::string workload;  // key
    api::ImageAgent what;
    std::string namespace_ = {};  // that it concerns; empty: all
  };
  std::vector<Seen> quarantine, cleared;
  std::vector<std::string> probed_elsewhere;  // images that workloads of other policies probe
  // Reads the pods of a workload that came without them; the same answer at every call.
  std::function<std::shared_ptr<const Pods>(std::size_t workload)> read_pods;

  std::shared_ptr<const Pods> podsOf(std::size_t workload) const {
    const auto& pods = workloads[workload].pods;
    return pods ? pods : read_pods(workload);
  }
};

// A workload's place in the order of its policy: the same in every process, for ever.
std::uint32_t bucketOf(std::string_view policy_uid, std::string_view workload_key);

}  // namespace profiling::engine
