// The merge patch of each verb: for a policy, of its spec or an annotation; for a workload, of the
// spec of its WorkloadProfile. Pure.
#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "operator/base/status.h"
#include "operator/cli/model.h"

namespace profiling::cli {

enum class Verb {
  kPause,
  kResume,
  kPromote,
  kPromoteFull,
  kAbort,
  kRetry,
  kRefreshAgents,
  kSkip,
  kUnskip,
  kApprove,
};

struct Request {
  nlohmann::json patch;  // null: nothing to change
  std::string done;  // "paused", "promoted to step 2/3 of revision 5f3a": printed after the title
};

// kInvalidArgument if the verb does not apply, with what to do instead.
Result<Request> requestOf(Verb verb, const Policy& policy,
                          std::chrono::system_clock::time_point now);
Result<Request> requestOf(Verb verb, const api::WorkloadProfile& workload);

}  // namespace profiling::cli
