// The command-line program: `kubectl-profiling` and `profiling-operator cli`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "operator/cli/api_server.h"
#include "operator/cli/options.h"
#include "operator/cli/status_view.h"
#include "operator/cli/table.h"

namespace profiling::cli {

// Where output goes and what it supports.
struct Screen {
  std::ostream& out;
  std::ostream& err;
  Style style;
  bool terminal = false;  // lines may be redrawn
};

// Runs a command and returns the exit code: 0 done, 1 failed or not found, 2 wrong usage. `server`
// may be null if worksOffline().
int run(const Options& options, ApiServer* server, const Screen& screen,
        WallTime now = std::chrono::system_clock::now());

// The whole program; `program` is its name in help and errors.
int runProgram(const std::string& program, std::vector<std::string> arguments);

}  // namespace profiling::cli
