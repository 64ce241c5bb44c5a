// What people ask of a rollout, as the merge patch that asks for it: of a policy by its spec or an
// annotation, of one workload by the spec of its record. Pure.
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
  nlohmann::json patch;  // null: it is so already, nothing to send
  std::string done;      // "paused", "promoted to step 2/3 of revision 5f3a": follows the title
};

// kInvalidArgument when the verb makes no sense there, with what to do instead.
Result<Request> requestOf(Verb verb, const Policy& policy,
                          std::chrono::system_clock::time_point now);
Result<Request> requestOf(Verb verb, const api::WorkloadProfile& workload);

}  // namespace profiling::cli
