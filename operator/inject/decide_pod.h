// Everything that happens to one pod, from its JSON to a patch. The webhook calls this for each
// admission and the command line for manifests, so both give the same answer. Pure.
#pragma once

#include <string>
#include <vector>

#include "operator/base/status.h"
#include "operator/inject/assignment.h"
#include "operator/inject/breakers.h"
#include "operator/inject/inject.h"
#include "operator/inject/snapshot.h"

namespace profiling::inject {

// A pod whose JSON is decoded step by step, so that one that no policy selects costs only its
// metadata. Both steps return an error only for JSON that cannot be read at all.
class PodSource {
 public:
  virtual ~PodSource() = default;
  virtual Status decodeMetadata(api::PodView& pod) = 0;
  // `problem` names the first field of a wrong type: such a pod is left to the API server.
  virtual Status decodeSpec(api::PodView& pod, std::string& problem) = 0;
};

// State of the cluster that changes too often for the snapshot. Implementations are thread-safe, and
// answer from memory. Either may be null: not known.
class ClusterState {
 public:
  virtual ~ClusterState() = default;
  virtual std::shared_ptr<const Quotas> quotas(std::string_view namespace_) const = 0;
  virtual std::shared_ptr<const std::vector<NodeClass>> nodes() const = 0;
};

struct PodOutcome {
  Reason reason = Reason::kNoPolicy;
  api::PolicyMode mode = api::PolicyMode::kEnforce;
  std::string patch;  // empty: the pod stays as it is
  std::vector<std::string> warnings;
  // How it came to that. Views into the source, valid as long as its views are.
  Decision decision;
  Assigned assigned;
  InjectionPlan plan;
};

// Fills `pod`, whose namespace_ is set. `assignments` may be null: no workload has a record; so may
// `cluster` and, where nothing has gone wrong, `breakers`.
Result<PodOutcome> decidePod(PodSource& source, api::PodView& pod, bool dry_run,
                             const Snapshot& snapshot, const Settings& settings,
                             Assignments* assignments, const ClusterState* cluster = nullptr,
                             Breakers* breakers = nullptr);

}  // namespace profiling::inject
