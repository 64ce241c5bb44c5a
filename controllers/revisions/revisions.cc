#include "controllers/revisions/revisions.h"

#include <algorithm>

#include "operator/base/log.h"

namespace profiling::controllers {

api::Revisions revisionsOf(const kube::Store<api::Revision>& store, std::string_view namespace_,
                           const std::string& policy_uid) {
  api::Revisions out;
  const auto all = store.snapshot();
  const std::string prefix = std::string(namespace_) + "/";
  for (auto it = all->lower_bound(prefix); it != all->end() && it->first.starts_with(prefix);
       ++it) {
    if (it->second->policy_uid == policy_uid) out.push_back(it->second);
  }
  return out;
}

api::Revisions prunable(api::Revisions all, const std::set<std::string>& in_use) {
  std::ranges::sort(all, [](const auto& a, const auto& b) { return a->number > b->number; });
  std::size_t spared = 0;
  std::erase_if(all, [&](const auto& revision) {
    return in_use.contains(revision->hash) || spared++ < kRevisionHistory;
  });
  return all;
}

std::string RevisionKeeper::placeOf(const api::EffectivePolicy& policy) const {
  return policy.cluster ? operator_namespace_ : policy.policy.metadata.namespace_;
}

Status RevisionKeeper::ensure(const api::EffectivePolicy& policy, const std::stop_token& stop) {
  const std::string place = placeOf(policy);
  const std::string name = api::revisionName(policy);
  if (store_.find(kube::objectKey(place, name))) return {};
  std::int64_t newest = 0;
  for (const auto& revision : revisionsOf(store_, place, policy.policy.metadata.uid)) {
    newest = std::max(newest, revision->number);
  }
  const Status made = client_
                          .create(kube::resources::kControllerRevisions, place,
                                  api::revisionObject(policy, place, newest + 1), stop)
                          .status();
  // The name is a hash of the content: an existing object is ours, or is rejected when it is read.
  if (made.ok() || made.code() == Code::kAlreadyExists) return {};
  return made.annotated("keep revision " + policy.revision);
}

Status RevisionKeeper::prune(const api::EffectivePolicy& policy,
                             const std::set<std::string>& in_use, const std::stop_token& stop) {
  const std::string place = placeOf(policy);
  for (const auto& revision :
       prunable(revisionsOf(store_, place, policy.policy.metadata.uid), in_use)) {
    const Status removed =
        client_.remove(kube::resources::kControllerRevisions, place, revision->metadata.name,
                       {revision->metadata.uid, revision->metadata.resource_version}, stop);
    if (!removed.ok() && removed.code() != Code::kNotFound) return removed.annotated("prune");
  }
  return {};
}

}  // namespace profiling::controllers
