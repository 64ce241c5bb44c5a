// What the webhook decides from: everything it needs about every namespace, resolved beforehand and
// immutable, so that an admission takes one atomic load and no lock, no parse and no API call.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "operator/api/effective.h"
#include "operator/kube/store.h"
#include "webhooks/inject/inject.h"

namespace profiling::webhooks {

// The slice of a Namespace that is kept.
struct NamespaceRecord {
  std::string name;
  std::map<std::string, std::string> labels;
  std::optional<std::string> inject;  // annotation profiling.dev/inject
};

struct NamespaceState {
  std::optional<std::string> inject;
  inject::PolicyList policies;  // best first
};

// Namespaces that have neither a policy nor an annotation are left out.
using Snapshot = std::map<std::string, NamespaceState, std::less<>>;

// Pure. Policies whose server cannot be resolved are kept, with the reason.
std::shared_ptr<const Snapshot> buildSnapshot(
    const kube::Store<api::ProfilingPolicy>::Map& policies,
    const kube::Store<api::ProfilingServer>::Map& servers,
    const kube::Store<NamespaceRecord>::Map& namespaces, const api::AgentImages& agents);

}  // namespace profiling::webhooks
