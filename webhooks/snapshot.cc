#include "webhooks/snapshot.h"

namespace profiling::webhooks {

std::shared_ptr<const Snapshot> buildSnapshot(
    const kube::Store<api::ProfilingPolicy>::Map& policies,
    const kube::Store<api::ProfilingServer>::Map& servers,
    const kube::Store<NamespaceRecord>::Map& namespaces, const api::AgentImages& agents) {
  static const std::map<std::string, std::string> kNoLabels;
  auto snapshot = std::make_shared<Snapshot>();
  for (const auto& [name, record] : namespaces) {
    if (record->inject) (*snapshot)[name].inject = record->inject;
  }
  for (const auto& [key, policy] : policies) {
    if (policy->metadata.deleting) continue;
    const std::string& namespace_ = policy->metadata.namespace_;
    const api::ProfilingServer* server = nullptr;
    if (policy->spec.server_ref) {
      const api::ServerRef& ref = *policy->spec.server_ref;
      const auto it = servers.find(
          kube::objectKey(ref.namespace_.empty() ? namespace_ : ref.namespace_, ref.name));
      if (it != servers.end()) server = it->second.get();
    }
    const auto found = namespaces.find(namespace_);
    const auto& labels = found == namespaces.end() ? kNoLabels : found->second->labels;
    (*snapshot)[namespace_].policies.push_back(std::make_shared<const api::EffectivePolicy>(
        api::makeEffective(*policy, server, labels, agents)));
  }
  for (auto& [name, state] : *snapshot) inject::sortByPrecedence(state.policies);
  return snapshot;
}

}  // namespace profiling::webhooks
