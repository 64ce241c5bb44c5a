// The commands explain, inject and lint.
#pragma once

#include "operator/cli/cli.h"

namespace profiling::cli {

// `server` is null for commands that use files only. Exit codes are those of run(); explain also
// returns 1 if a pod asks for an agent and gets none, lint if it finds errors.
int explainPods(const Options& options, ApiServer* server, const Screen& screen);
int injectPods(const Options& options, ApiServer* server, const Screen& screen);
int lintFiles(const Options& options, const Screen& screen);

}  // namespace profiling::cli
