// `rollout status --watch`: follows a policy and its records until the rollout is done or halted.
#pragma once

#include "operator/cli/cli.h"

namespace profiling::cli {

// Returns the exit code. On a terminal the lines overwrite the previous ones; elsewhere a line is
// written when it changes.
int watchStatus(const Options& options, ApiServer& server, const Policy& policy,
                const Screen& screen);

}  // namespace profiling::cli
