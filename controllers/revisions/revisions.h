// The ControllerRevisions of policies: created before anything is assigned to them, and pruned when
// nothing refers to them any more.
#pragma once

#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "operator/api/revision.h"
#include "operator/kube/client.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

inline constexpr std::size_t kRevisionHistory = 5;  // kept besides those in use

// Pure. The revisions of one policy in `store`, in the only namespace where they may be.
api::Revisions revisionsOf(const kube::Store<api::Revision>& store, std::string_view namespace_,
                           const std::string& policy_uid);
// Pure. The revisions to delete: neither in use nor among the newest.
api::Revisions prunable(api::Revisions all, const std::set<std::string>& in_use);

class RevisionKeeper {
 public:
  RevisionKeeper(kube::Client& client, const kube::Store<api::Revision>& store,
                 std::string operator_namespace)
      : client_(client), store_(store), operator_namespace_(std::move(operator_namespace)) {}

  std::string placeOf(const api::EffectivePolicy& policy) const;
  // Creates the revision of `policy` unless it exists.
  Status ensure(const api::EffectivePolicy& policy, const std::stop_token& stop);
  Status prune(const api::EffectivePolicy& policy, const std::set<std::string>& in_use,
               const std::stop_token& stop);

 private:
  kube::Client& client_;
  const kube::Store<api::Revision>& store_;
  const std::string operator_namespace_;
};

}  // namespace profiling::controllers
