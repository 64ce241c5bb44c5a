// Maintains the WorkloadProfiles: one for each workload that a policy matches or that still has
// profiled pods. Bare pods have none (some clusters start thousands, and the record would live no
// longer than the pod); their policy counts them.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controllers/pods/pod_table.h"
#include "controllers/runtime/apply_guard.h"
#include "controllers/runtime/controller.h"
#include "controllers/runtime/status_writer.h"
#include "controllers/workload/decide.h"
#include "controllers/workload/index.h"
#include "controllers/workload/owners.h"
#include "controllers/workload/room_looks.h"
#include "operator/base/clock.h"
#include "operator/kube/client.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

// A burst of changes to a workload's pods is reconciled once, at most this late.
inline constexpr Millis kPodDebounce{500};

// Key of the group of pods that a record describes; empty when the record does not name it.
std::string groupOf(const api::WorkloadProfile& record);

// The records that describe the group's pods.
WorkloadRecords recordsOf(const kube::Store<api::WorkloadProfile>& records,
                          const std::string& group);

// Several workers may use it at once. Its arguments must outlive it. `guessed` is called with
// groups that have pods whose languages were guessed and are not known yet.
class WorkloadReconciler {
 public:
  WorkloadReconciler(kube::Client& client, const PodTable& pods, WorkloadIndex& index,
                     const kube::Store<api::WorkloadProfile>& records,
                     const Clock& clock = Clock::real(),
                     std::function<void(const std::string& group)> guessed = nullptr,
                     EventSink& events = EventSink::none())
      : client_(client),
        pods_(pods),
        index_(index),
        records_(records),
        clock_(clock),
        guessed_(std::move(guessed)),
        events_(events),
        owners_(client, index.owners()),
        guard_(clock),
        statuses_(client, clock),
        room_(clock) {}

  Outcome reconcile(const std::string& group, const std::stop_token& stop);

 private:
  Outcome writeRecord(const ResolvedWorkload& resolved, const std::string& group,
                      const WorkloadRecords& records, const std::stop_token& stop);
  Outcome writeStatus(const api::WorkloadProfile& record, const WorkloadInput& input,
                      const std::stop_token& stop);
  Outcome applyRecord(WorkloadInput& input, const std::string& name, const std::stop_token& stop);
  Result<Existence> lookForOwner(const api::WorkloadProfile& record, const std::stop_token& stop);
  Outcome keepWithoutPods(const api::WorkloadProfile& record, const std::stop_token& stop);
  Outcome remove(const api::WorkloadProfile& record, const std::stop_token& stop);

  kube::Client& client_;
  const PodTable& pods_;
  WorkloadIndex& index_;
  const kube::Store<api::WorkloadProfile>& records_;
  const Clock& clock_;
  const std::function<void(const std::string&)> guessed_;
  EventSink& events_;
  OwnerResolver owners_;
  ApplyGuard guard_;
  StatusWriter statuses_;
  RoomLooks room_;
};

Controller workloadController(kube::Client& client, const PodTable& pods, WorkloadIndex& index,
                              const kube::Store<api::WorkloadProfile>& records,
                              std::function<void(const std::string& group)> guessed,
                              EventSink& events, int workers, const Clock& clock);

}  // namespace profiling::controllers
