#include "controllers/policy/reconciler.h"

#include <algorithm>

#include "controllers/status_patch.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/text.h"

namespace profiling::controllers {

Outcome PolicyReconciler::reconcile(const std::string& key, const std::stop_token& stop) {
  if (key.find('/') == std::string::npos) return reconcileCluster(key, stop);
  const auto policy = stores_.policies.find(key);
  if (!policy || policy->metadata.deleting) return Outcome::done();
  const auto server = stores_.servers.find(serverKey(*policy));
  const auto namespace_ = stores_.namespaces.find(policy->metadata.namespace_);
  return write(kube::resources::kPolicies, *policy,
               decidePolicy(PolicyInput{
                   *policy, server.get(),
                   namespace_ ? namespace_->labels : std::map<std::string, std::string>(),
                   settings_.agents, countPods(*policy), formatRfc3339(clock_.wall())}),
               stop);
}

Outcome PolicyReconciler::reconcileCluster(const std::string& name, const std::stop_token& stop) {
  const auto policy = stores_.cluster_policies.find(name);
  if (!policy || policy->metadata.deleting) return Outcome::done();
  const auto server = stores_.servers.find(serverKey(*policy));
  const auto namespaces = stores_.namespaces.snapshot();
  return write(kube::resources::kClusterPolicies, *policy,
               decidePolicy(ClusterPolicyInput{*policy, server.get(), *namespaces, settings_,
                                               countPods(*policy), formatRfc3339(clock_.wall())}),
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
    return Outcome::after(*wait);  // written already; the store does not show it yet
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

std::int64_t PolicyReconciler::countPods(const api::ProfilingPolicy& policy) const {
  const std::string prefix = policy.metadata.namespace_ + "/";
  const auto pods = stores_.pods.snapshot();
  std::int64_t count = 0;
  for (auto it = pods->lower_bound(prefix); it != pods->end() && it->first.starts_with(prefix);
       ++it) {
    const ProfiledPodRecord& pod = *it->second;
    if (!pod.finished && !pod.cluster && pod.policy == policy.metadata.name) ++count;
  }
  return count;
}

std::int64_t PolicyReconciler::countPods(const api::ClusterProfilingPolicy& policy) const {
  const auto pods = stores_.pods.snapshot();
  return std::count_if(pods->begin(), pods->end(), [&](const auto& entry) {
    const ProfiledPodRecord& pod = *entry.second;
    return !pod.finished && pod.cluster && pod.policy == policy.metadata.name;
  });
}

}  // namespace profiling::controllers
