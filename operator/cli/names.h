// Names of policies and workloads on the command line. Pure.
//
//   checkout, policy/checkout, profilingpolicy/checkout     a ProfilingPolicy in the namespace
//   clusterpolicy/prod, or prod with --cluster              a ClusterProfilingPolicy
//   deployment/web, deploy/web, sts/db, cronjob/nightly     a workload
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

// kInvalidArgument states what is allowed.
Result<Target> parseTarget(std::string_view text, bool cluster = false);
Result<PolicyName> parsePolicy(std::string_view text, bool cluster = false);
// Also accepts pod/web-1, and no policy.
Result<WorkloadName> parsePodOrWorkload(std::string_view text);
// A namespace becomes part of a URL path; empty means all.
Status checkNamespace(std::string_view text);

}  // namespace profiling::cli
