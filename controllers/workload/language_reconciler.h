// Queries a storage server for the languages that send profiles from containers with a guessed
// language, and records them for the workload, so that the next pods carry one agent instead of
// three. One key for each workload with such pods. It has its own worker, so that a slow server
// delays nothing else.
#pragma once

#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>

#include "controllers/pods/pod_table.h"
#include "controllers/runtime/controller.h"
#include "controllers/runtime/status_writer.h"
#include "controllers/signals/arrival.h"
#include "controllers/signals/slow_servers.h"
#include "controllers/workload/index.h"
#include "controllers/workload/languages.h"
#include "operator/base/clock.h"
#include "operator/kube/client.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

// One worker. Its arguments must outlive it. Without `queries` nothing is learnt. Only servers that
// the operator runs are queried: under a policy with spec.endpoint, the agents of a guess that did no
// harm in one pod are kept.
class LanguageReconciler {
 public:
  LanguageReconciler(kube::Client& client, net::QueryClient* queries,
                     signals::AddressOverrides servers, const PodTable& pods, WorkloadIndex& index,
                     const kube::Store<api::WorkloadProfile>& records,
                     const Clock& clock = Clock::real())
      : queries_(queries),
        servers_(std::move(servers)),
        pods_(pods),
        index_(index),
        records_(records),
        clock_(clock),
        statuses_(client, clock) {}

  Outcome reconcile(const std::string& group, const std::stop_token& stop);

 private:
  Outcome requeue(const std::string& group, Millis delay);
  // Writes what was learnt; nullopt: go on.
  std::optional<Outcome> keep(const std::string& group, const api::WorkloadProfile& record,
                              const std::vector<api::DetectedLanguages>& learnt,
                              const std::stop_token& stop);

  Result<std::set<signals::Sender>> ask(const api::EffectivePolicy& policy,
                                        const PodTable::Members& members,
                                        const LanguageQuestion& question,
                                        const std::stop_token& stop);

  net::QueryClient* const queries_;
  const signals::AddressOverrides servers_;
  const PodTable& pods_;
  WorkloadIndex& index_;
  const kube::Store<api::WorkloadProfile>& records_;
  const Clock& clock_;
  StatusWriter statuses_;
  // Pods that come and go bring a key back at once; the server is not queried before.
  std::unordered_map<std::string, SteadyTime> not_before_;
  signals::SlowServers slow_;
};

Controller languageController(kube::Client& client, net::QueryClient* queries,
                              const signals::AddressOverrides& servers, const PodTable& pods,
                              WorkloadIndex& index,
                              const kube::Store<api::WorkloadProfile>& records, const Clock& clock);

}  // namespace profiling::controllers
