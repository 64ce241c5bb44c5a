// explain, inject and lint: what pods get, before and after they are applied.
#pragma once

#include "operator/cli/cli.h"

namespace profiling::cli {

// `server` is null where the command was told to work with files only. Exit codes as run() has
// them; explain and lint end with 1 also when a pod that asks for an agent gets none, or something
// is wrong, so that a pipeline can stop there.
int explainPods(const Options& options, ApiServer* server, const Screen& screen);
int injectPods(const Options& options, ApiServer* server, const Screen& screen);
int lintFiles(const Options& options, const Screen& screen);

}  // namespace profiling::cli
