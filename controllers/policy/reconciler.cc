#include "controllers/policy/reconciler.h"

#include "controllers/revisions/revisions.h"
#include "controllers/runtime/status_patch.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/text.h"

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
          revisionsOf(stores_.revisions, policy->metadata.namespace_, policy->metadata.uid)}),
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
                               policy->metadata.uid)}),
               stop);
}

template <class Policy>
Outcome PolicyReconciler::write(const kube::Resource& resource, const Policy& policy,
                                const api::ProfilingPolicyStatus& status,
                                const std::stop_token& stop) {
  const auto patch = statusPatch(policy.metadata.uid, asStored(policy.status), api::toJson(status));
  if (!patch) return Outcome::done();
  const std::string& id = policy.metadata.uid;
  if (const auto wait = guard_.check(id, policy.metadata.resource_version)) {
    return Outcome::after(*wait);  // written; the store does not show it yet
  }
  const Status written = client_
                             .mergePatch(resource, policy.metadata.namespace_, policy.metadata.name,
                                         *patch, stop, "status")
                             .status();
  if (written.ok()) {
    recordAll(events_, eventsOf(subjectOf(std::string(Policy::kKind), policy.metadata),
                                policy.status.conditions, status.conditions));
    return Outcome::done();
  }
  guard_.forget(id);
  if (written.code() == Code::kNotFound) return Outcome::done();
  return Outcome::failed(written.annotated("write status"));
}

PolicyTotals PolicyReconciler::totalsOf(bool cluster, const api::ObjectMeta& policy) {
  PolicyTotals totals(cluster, policy.namespace_, policy.name);
  workloads_.each(policy.namespace_, [&](const std::string&, const WorkloadEvaluation& workload) {
    totals.add(workload);
  });
  return totals;
}

}  // namespace profiling::controllers
