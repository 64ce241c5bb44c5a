#include "controllers/policy/reconciler.h"

#include "controllers/revisions/revisions.h"
#include "controllers/runtime/status_patch.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/time_text.h"

namespace profiling::controllers {

Outcome PolicyReconciler::reconcile(const std::string& key, const std::stop_token& stop) {
  if (key.find('/') == std::string::npos) return reconcileCluster(key, stop);
  const auto policy = stores_.policies.find(key);
  if (!policy || policy->metadata.deleting) return Outcome::done();
  const auto server = stores_.servers.find(serverKey(*policy));
  const auto namespace_ = stores_.namespaces.find(policy->metadata.namespace_);
  return write(
      kube::resources::kPolicies, *policy,
      decidePolicy(PolicyInput{
          *policy, server.get(),
          namespace_ ? namespace_->labels : std::map<std::string, std::string>(),
          workloads_.settings().agents, totalsOf(false, policy->metadata),
          formatRfc3339(clock_.wall()),
          revisionsOf(stores_.revisions, policy->metadata.namespace_, policy->metadata.uid),
          restarts_granted_}),
      stop);
}

Outcome PolicyReconciler::reconcileCluster(const std::string& name, const std::stop_token& stop) {
  const auto policy = stores_.cluster_policies.find(name);
  if (!policy || policy->metadata.deleting) return Outcome::done();
  const auto server = stores_.servers.find(serverKey(*policy));
  const auto namespaces = stores_.namespaces.snapshot();
  return write(kube::resources::kClusterPolicies, *policy,
               decidePolicy(ClusterPolicyInput{
                   *policy, server.get(), *namespaces, workloads_.settings(),
                   totalsOf(true, policy->metadata), formatRfc3339(clock_.wall()),
                   revisionsOf(stores_.revisions, workloads_.settings().operator_namespace,
                               policy->metadata.uid),
                   restarts_granted_}),
               stop);
}

template <class Policy>
Outcome PolicyReconciler::write(const kube::Resource& resource, const Policy& policy,
                                const api::ProfilingPolicyStatus& status,
                                const std::stop_token& stop) {
  const StatusWrite result = statuses_.write(resource, policy.metadata, asStored(policy.status),
                                             api::toJson(status), stop);
  if (result.written) {
    recordAll(events_, eventsOf(subjectOf(std::string(Policy::kKind), policy.metadata),
                                policy.status.conditions, status.conditions));
  }
  return result.outcome;
}

PolicyTotals PolicyReconciler::totalsOf(bool cluster, const api::ObjectMeta& policy) {
  PolicyTotals totals(cluster, policy.namespace_, policy.name);
  workloads_.each(policy.namespace_, [&](const std::string&, const WorkloadEvaluation& workload) {
    totals.add(workload);
  });
  return totals;
}

Controller policyController(kube::Client& client, const PolicyStores& stores,
                            WorkloadIndex& workloads, EventSink& events, bool restarts_granted,
                            int workers, const Clock& clock) {
  return {"policy", makeQueue({Millis(5), std::chrono::minutes(5)}, clock),
          reconcileBy(std::make_shared<PolicyReconciler>(client, stores, workloads, clock, events,
                                                         restarts_granted)),
          workers};
}

}  // namespace profiling::controllers
