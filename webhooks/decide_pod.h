// The whole way of one pod, from a decoded review to a patch. The webhook asks it for each
// admission, tools ask it about manifests: nobody else decides.
#pragma once

#include <string>
#include <vector>

#include "operator/base/status.h"
#include "webhooks/admission/review.h"
#include "webhooks/inject/inject.h"
#include "webhooks/inject/snapshot.h"
#include "webhooks/rollout_table.h"

namespace profiling::webhooks {

struct PodOutcome {
  inject::Reason reason = inject::Reason::kNoPolicy;
  api::PolicyMode mode = api::PolicyMode::kEnforce;
  std::string patch;  // empty: the pod stays as it is
  std::vector<std::string> warnings;
  // What it was made of. Views into the review: they hold until its decoder's next decode().
  inject::Decision decision;
  inject::InjectionPlan plan;
};

// `review` holds the envelope; metadata and spec are decoded as far as they are needed, so that a
// pod that concerns nobody costs its metadata only. `rollouts` may be null: no workload has a
// record. An error is the sender's: the pod is not JSON that can be read.
Result<PodOutcome> decidePod(admission::ReviewDecoder& decoder, admission::Review& review,
                             const inject::Snapshot& snapshot, const inject::Settings& settings,
                             RolloutTable* rollouts);

}  // namespace profiling::webhooks
