// Learns from a storage server what containers run whose languages were guessed, and writes it into
// their workload's record, so that the next pods carry one agent instead of three. One key for each
// workload that has such pods. A worker of its own: a server that is slow holds nothing else up.
#pragma once

#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>

#include "controllers/pods/pod_table.h"
#include "controllers/runtime/controller.h"
#include "controllers/signals/arrival.h"
#include "controllers/workload/index.h"
#include "operator/base/clock.h"
#include "operator/kube/client.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

// One worker. Everything given must outlive it. Without `queries` nothing is learnt. Only servers
// that the operator runs are asked: under a policy with spec.endpoint a guess stays one.
class LanguageReconciler {
 public:
  LanguageReconciler(kube::Client& client, net::QueryClient* queries,
                     signals::AddressOverrides servers, const PodTable& pods, WorkloadIndex& index,
                     const kube::Store<api::WorkloadProfile>& records,
                     const Clock& clock = Clock::real())
      : client_(client),
        queries_(queries),
        servers_(std::move(servers)),
        pods_(pods),
        index_(index),
        records_(records),
        clock_(clock) {}

  Outcome reconcile(const std::string& group, const std::stop_token& stop);

 private:
  Outcome comesAgain(const std::string& group, Millis delay);

  kube::Client& client_;
  net::QueryClient* const queries_;
  const signals::AddressOverrides servers_;
  const PodTable& pods_;
  WorkloadIndex& index_;
  const kube::Store<api::WorkloadProfile>& records_;
  const Clock& clock_;
  // Pods that come and go bring a key back at once; the server is not asked before.
  std::unordered_map<std::string, SteadyTime> not_before_;
};

Controller languageController(kube::Client& client, net::QueryClient* queries,
                              const signals::AddressOverrides& servers, const PodTable& pods,
                              WorkloadIndex& index,
                              const kube::Store<api::WorkloadProfile>& records, const Clock& clock);

}  // namespace profiling::controllers
