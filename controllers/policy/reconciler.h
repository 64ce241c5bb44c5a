// Keeps the status of each ProfilingPolicy and ClusterProfilingPolicy up to date.
#pragma once

#include <stop_token>
#include <string>

#include "controllers/events/event.h"
#include "controllers/policy/decide.h"
#include "controllers/revisions/resolved.h"
#include "controllers/runtime/controller.h"
#include "controllers/runtime/status_writer.h"
#include "controllers/workload/index.h"
#include "operator/base/clock.h"
#include "operator/kube/client.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

// Pods come and go in bursts: they change a policy's status at most this often.
inline constexpr Millis kPodCountDebounce = std::chrono::seconds(1);

// Several workers may use it at once. `client`, `stores`, `workloads` and `clock` must outlive it.
class PolicyReconciler {
 public:
  PolicyReconciler(kube::Client& client, const PolicyStores& stores, WorkloadIndex& workloads,
                   const Clock& clock = Clock::real(), EventSink& events = EventSink::none(),
                   bool restarts_granted = true)
      : stores_(stores),
        workloads_(workloads),
        clock_(clock),
        events_(events),
        restarts_granted_(restarts_granted),
        statuses_(client, clock) {}

  // "namespace/name", or the name of a cluster policy.
  Outcome reconcile(const std::string& key, const std::stop_token& stop);

 private:
  template <class Policy>
  Outcome write(const kube::Resource& resource, const Policy& policy,
                const api::ProfilingPolicyStatus& status, const std::stop_token& stop);
  Outcome reconcileCluster(const std::string& name, const std::stop_token& stop);
  PolicyTotals totalsOf(bool cluster, const api::ObjectMeta& policy);

  const PolicyStores stores_;
  WorkloadIndex& workloads_;
  const Clock& clock_;
  EventSink& events_;
  const bool restarts_granted_;
  StatusWriter statuses_;
};

Controller policyController(kube::Client& client, const PolicyStores& stores,
                            WorkloadIndex& workloads, EventSink& events, bool restarts_granted,
                            int workers, const Clock& clock);

}  // namespace profiling::controllers
