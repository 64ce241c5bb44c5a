#include "operator/inject/snapshot.h"

namespace profiling::inject {
namespace {

template <class Policy>
const api::ProfilingServer* serverOf(const Policy& policy,
                                     const Records<api::ProfilingServer>& servers) {
  const auto it = servers.find(api::serverKey(policy));
  return it == servers.end() ? nullptr : it->second.get();
}

class RevisionsOf {
 public:
  explicit RevisionsOf(const Records<api::Revision>& all) {
    for (const auto& [key, revision] : all) by_policy_[revision->policy_uid].push_back(revision);
  }
  api::Revisions in(std::string_view namespace_, const std::string& policy_uid) const {
    api::Revisions out;
    const auto it = by_policy_.find(policy_uid);
    if (it == by_policy_.end() || policy_uid.empty()) return out;
    for (const auto& revision : it->second) {
      if (revision->metadata.namespace_ == namespace_) out.push_back(revision);
    }
    return out;
  }

 private:
  std::map<std::string, api::Revisions> by_policy_;
};

}  // namespace

NamespaceRecord namespaceRecord(const api::ObjectMeta& metadata) {
  NamespaceRecord record{metadata.name, metadata.labels, {}};
  record.excluded = metadata.labels.contains(std::string(api::kExcludeKey));
  const auto annotation = metadata.annotations.find(std::string(api::kInjectKey));
  if (annotation != metadata.annotations.end()) record.inject = annotation->second;
  return record;
}

api::NamespaceView NamespaceState::view(std::string_view name) const {
  return {name, inject, seen, excluded};
}

const NamespaceState& Snapshot::of(std::string_view namespace_) const {
  static const NamespaceState kQuiet;
  static const NamespaceState kUnseen{{}, {}, {}, false, false};
  const auto it = namespaces.find(namespace_);
  if (it != namespaces.end()) return it->second;
  return complete ? kUnseen : kQuiet;
}

std::shared_ptr<const Snapshot> buildSnapshot(
    const Records<api::ProfilingPolicy>& policies,
    const Records<api::ClusterProfilingPolicy>& cluster_policies,
    const Records<api::ProfilingServer>& servers, const Records<NamespaceRecord>& namespaces,
    const api::AgentImages& agents, const Records<api::Revision>& revisions,
    std::string_view operator_namespace, const Records<LimitRangeRecord>& limit_ranges) {
  const RevisionsOf kept(revisions);
  static const std::map<std::string, std::string> kNoLabels;
  auto snapshot = std::make_shared<Snapshot>();
  auto& states = snapshot->namespaces;
  snapshot->complete = !cluster_policies.empty();
  for (const auto& [name, record] : namespaces) {
    if (!record->inject && !record->excluded && !snapshot->complete) continue;
    states[name].inject = record->inject;
    states[name].excluded = record->excluded;
  }
  for (const auto& [key, policy] : policies) {
    if (policy->metadata.deleting) continue;
    const std::string& namespace_ = policy->metadata.namespace_;
    const auto found = namespaces.find(namespace_);
    const auto& labels = found == namespaces.end() ? kNoLabels : found->second->labels;
    states[namespace_].policies.push_back(std::make_shared<const api::EffectivePolicy>(
        api::makeEffective(*policy, serverOf(*policy, servers), labels, agents,
                           kept.in(namespace_, policy->metadata.uid))));
  }
  for (const auto& [key, policy] : cluster_policies) {
    if (policy->metadata.deleting) continue;
    const api::ClusterEffective effective(*policy, serverOf(*policy, servers), agents,
                                          kept.in(operator_namespace, policy->metadata.uid));
    snapshot->cluster.emplace(policy->metadata.name, effective.shared());
    for (const auto& [name, record] : namespaces) {
      if (!effective.selects(record->labels)) continue;
      states[name].policies.push_back(effective.in(name, record->labels));
    }
  }
  for (const auto& [key, record] : limit_ranges) {
    const auto state = states.find(record->namespace_);
    if (state == states.end() || !record->bounds.any()) continue;
    auto& bounds = state->second.bounds;
    bounds = std::make_shared<const NamespaceBounds>(bounds ? tighter(*bounds, record->bounds)
                                                            : record->bounds);
  }
  for (auto& [name, state] : states) sortByPrecedence(state.policies);
  return snapshot;
}

}  // namespace profiling::inject
