// The rollout engine: (plan, observed world with its records) → (new records, actions). Pure: no
// I/O, no clock, no memory of its own.
//
// The caller writes the records first, each with the version that it was decided from as a
// precondition, and acts only if that write was accepted. If killed in between, it decides the same
// again, because an action that has not happened is not observed. Budgets are computed at every
// call from observations and records, so a restart forgets no workload in flight.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/engine/world.h"

namespace profiling::engine {

struct Action {
  enum class Kind {
    kEvict,           // through the eviction subresource, with the uid as precondition
    kDelete,          // a pod that does not run and is not wanted: eviction would only wait for it
    kRolloutRestart,  // set the template annotation to `token`
  } kind = Kind::kEvict;
  std::string pod, uid;  // of kEvict and kDelete
  std::string token;     // of kRolloutRestart
};

struct Change {
  std::size_t workload = 0;  // index into World::workloads
  api::WorkloadRollout record;
  bool differs = false;  // from the record in the world
  std::vector<Action> actions;
  bool wants_owner = false;  // decide again with Workload::owner set
};

struct Decision {
  std::vector<Change> changes;  // only workloads with something to write, do or read
  api::PolicyRollout policy;
  std::string stable;         // the policy's new stable revision, or the old one
  std::optional<Time> again;  // decide again then at the latest; absent: when something changes
};

Decision decide(const Plan& plan, const World& world);

// First step (1-based) of workloads.steps that includes the workload; 0: none does. `lowest` is the
// lowest bucket of its wave, which the first step includes, so that no step is empty.
std::size_t stepOf(const std::vector<std::int64_t>& steps, std::uint32_t bucket,
                   std::uint32_t lowest);

// How many of `total` pods make up `percent` per cent: at least one, and, below 100, at least one
// less than all of two or more, so that at least one pod remains as a control.
std::int64_t podsOfStep(std::int64_t total, std::int64_t percent);

// The revision that all pods have (empty: no agent), if all are ready and have never failed;
// nullopt otherwise, or without pods.
std::optional<std::string> steadyRevision(const Pods& pods);

// Whether decide() reads the pods of a workload at once. False: `pods` may be null.
bool needsPods(const Plan& plan, const Workload& workload);

// Whether pods of the workload are being replaced: it counts against maxParallel.
bool restarting(const api::WorkloadRollout& record);
// The same for other policies: one whose pods have not come for half an hour keeps no place from them.
bool holdsSlot(const api::WorkloadRollout& record, Time now);

}  // namespace profiling::engine
