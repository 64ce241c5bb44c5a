// Helpers shared by commands: reading files, reporting errors.
#pragma once

#include <string>

#include "operator/base/status.h"
#include "operator/cli/cli.h"

namespace profiling::cli {

// Prints the error and returns the exit code of a failed command.
int fail(const Screen& screen, const Status& why);

// Whether the output is JSON or YAML.
bool structured(const Options& options);

// At most 16 MiB; "-" is standard input. kNotFound: the file cannot be opened; kInvalidArgument: it is
// a folder or longer. Messages name the file.
Result<std::string> readText(const std::string& file);
// How messages name the file.
std::string fileName(const std::string& file);

}  // namespace profiling::cli
