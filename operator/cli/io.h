// What commands share: files in, errors out.
#pragma once

#include <string>

#include "operator/base/status.h"
#include "operator/cli/cli.h"

namespace profiling::cli {

// Tells the error; the exit code of a command that failed.
int fail(const Screen& screen, const Status& why);

// Whether the output is for scripts.
bool structured(const Options& options);

// "-" is standard input.
Result<std::string> readText(const std::string& file);
// The same for messages.
std::string fileName(const std::string& file);

}  // namespace profiling::cli
