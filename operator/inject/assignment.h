// Which revision a pod gets: the one that the rollout has assigned to its workload, within the share
// that the step allows. Pure; the webhook and the controller use the same function.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "operator/api/v1alpha1/workload.h"
#include "operator/inject/decision_json.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

// The slice of a WorkloadProfile that assigns a revision.
struct Assignment {
  std::string policy_kind, policy_name;
  std::string target, stable, assigned, rejected;  // revisions; empty: none
  std::optional<std::int64_t> target_pods;         // absent: all
  std::optional<std::int64_t> first_ordinal;       // of a StatefulSet
  bool held = false;  // a person pinned, paused or skipped the workload

  bool operator==(const Assignment&) const = default;
};
std::optional<Assignment> assignmentOf(const api::WorkloadProfile& record);

// Pods of the workload on the assigned revision, as this process knows them.
struct Share {
  std::int64_t live = 0;
  std::int64_t pending = 0;   // let in by this process and not yet seen in the watch
  std::int64_t replicas = 1;  // processes that let pods in
};

struct RevisionChoice {
  std::shared_ptr<const api::EffectivePolicy> policy;  // null: no agent, for `reason`
  Reason reason = Reason::kInjected;
  bool counted = false;  // the pod takes one of the share's places
};

// `current` is the policy as it is now; `assignment` is null when the workload has no record.
// `ordinal` is that of a StatefulSet's pod, else -1.
//
// A workload without a record gets the policy's stable revision, or, under a policy that stages
// nothing, the current one. So does a workload whose record does not know the current revision yet.
// Each of several processes may fill only its part of the free places: as long as each sees the
// others' pods as it sees its own, together they exceed the share by at most one pod less than there
// are processes (webhooks/rollout_table.h keeps to that).
RevisionChoice chooseRevision(const std::shared_ptr<const api::EffectivePolicy>& current,
                              const Assignment* assignment, std::int64_t ordinal,
                              const Share& share);

// The parts of a pod's identity that its revision depends on.
struct PodOfWorkload {
  std::string_view namespace_, kind, name;
  std::int64_t ordinal = -1;     // of a StatefulSet's pod
  std::string_view owner_uid{};  // of the pod's own owner; only who may read the namespace knows it
  std::string_view template_hash{};
};

// The rollouts of all workloads, as the decision about a new pod reads them. Implementations are
// thread-safe and outlive the decisions that use them.
class Assignments {
 public:
  virtual ~Assignments() = default;
  // The languages and ConfigMaps in the workload's record; null: none.
  virtual std::shared_ptr<const KnownOfWorkload> known(const PodOfWorkload& pod) const = 0;
  // A `counted` choice takes a place of the workload's share, unless it is a dry run.
  virtual RevisionChoice choose(const PodOfWorkload& pod,
                                const std::shared_ptr<const api::EffectivePolicy>& policy,
                                bool dry_run) = 0;
  // Whether the pod may find out what the containers of `guesses` run, because no other live pod of
  // its workload and template does. Then it counts as the one that does, unless it is a dry run.
  virtual bool mayFindLanguage(const PodOfWorkload& pod, const std::vector<Guess>& guesses,
                               bool dry_run) = 0;
  // Gives back the place that a `counted` choice took, for a pod that gets no agent after all.
  virtual void giveBack(const PodOfWorkload& pod) = 0;
  // The name of this process in decision annotations.
  virtual const std::string& replica() const = 0;
};

// The trailing number of a StatefulSet's pod: 3 for "db-3", -1 without one.
std::int64_t ordinalOf(std::string_view pod_name);
// -1 also for pods of other kinds.
std::int64_t ordinalOf(std::string_view kind, std::string_view pod_name);

}  // namespace profiling::inject
