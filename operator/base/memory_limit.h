// The memory that the kernel lets this process have, from the files of its control group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace profiling {

// Bytes; nullopt without a limit. Reads version 2 and version 1 of control groups, as seen from
// inside a container and by the path in /proc/self/cgroup. `root` is for tests.
std::optional<std::uint64_t> memoryLimit(const std::string& root = "");

}  // namespace profiling
