// The input of all decisions: the relevant state of every namespace, resolved in advance and
// immutable, so that an admission takes one atomic load and no lock, no parse and no API call.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "operator/api/effective.h"
#include "operator/api/revision.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

// The slice of a Namespace that decisions need.
struct NamespaceRecord {
  std::string name;
  std::map<std::string, std::string> labels;
  std::optional<std::string> inject;  // annotation profiling.dev/inject
  bool excluded = false;              // it has the label profiling.dev/exclude
};
NamespaceRecord namespaceRecord(const api::ObjectMeta& metadata);

// One LimitRange.
struct LimitRangeRecord {
  std::string namespace_;
  NamespaceBounds bounds;
};

struct NamespaceState {
  std::optional<std::string> inject;
  PolicyList policies;                            // best first
  std::shared_ptr<const NamespaceBounds> bounds;  // null: none
  bool seen = true;
  bool excluded = false;

  api::NamespaceView view(std::string_view name) const;
};

class Snapshot {
 public:
  // For any name: a namespace without policies or annotation has the empty state. With a cluster
  // policy, a namespace that no watch has shown yet has `seen` false.
  const NamespaceState& of(std::string_view namespace_) const;

  // Namespaces with a policy or an annotation; with a cluster policy, all that were seen.
  std::map<std::string, NamespaceState, std::less<>> namespaces;
  bool complete = false;  // all namespaces that were seen are included
  // Cluster policies by name, as a namespace that their server admits sees them.
  std::map<std::string, std::shared_ptr<const api::EffectivePolicy>, std::less<>> cluster;
};

// By "namespace/name", or "name" without a namespace, as in kube::Store.
template <class T>
using Records = std::map<std::string, std::shared_ptr<const T>, std::less<>>;

// Pure. Policies whose server cannot be resolved are kept, with the reason. A revision counts only in
// its policy's own namespace, a cluster policy's in `operator_namespace`: anywhere else another user
// could smuggle an image in.
std::shared_ptr<const Snapshot> buildSnapshot(
    const Records<api::ProfilingPolicy>& policies,
    const Records<api::ClusterProfilingPolicy>& cluster_policies,
    const Records<api::ProfilingServer>& servers, const Records<NamespaceRecord>& namespaces,
    const api::AgentImages& agents, const Records<api::Revision>& revisions = {},
    std::string_view operator_namespace = {}, const Records<LimitRangeRecord>& limit_ranges = {});

}  // namespace profiling::inject
