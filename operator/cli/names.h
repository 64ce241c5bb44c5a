// What people type to name a policy or a workload. Pure.
//
//   checkout, policy/checkout, profilingpolicy/checkout     a ProfilingPolicy of the namespace
//   clusterpolicy/prod, or prod with --cluster              a ClusterProfilingPolicy
//   deployment/web, deploy/web, sts/db, cronjob/nightly     a workload, by its record
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "operator/base/status.h"

namespace profiling::cli {

struct PolicyName {
  bool cluster = false;
  std::string name;
};
struct WorkloadName {
  std::string kind;  // Deployment, …
  std::string name;
};
using Target = std::variant<PolicyName, WorkloadName>;

// kInvalidArgument names what is allowed.
Result<Target> parseTarget(std::string_view text, bool cluster = false);
Result<PolicyName> parsePolicy(std::string_view text, bool cluster = false);
// The same with pod/web-1, for commands that no policy is meant for.
Result<WorkloadName> parsePodOrWorkload(std::string_view text);
// A namespace becomes a part of a path; empty is all of them.
Status checkNamespace(std::string_view text);

}  // namespace profiling::cli
