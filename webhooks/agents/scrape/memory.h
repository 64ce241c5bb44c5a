// How large a profile may be, from the memory that the container may use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace profiling::scrape {

// Bounds of one profile. The defaults are for a process without a limit: a busy Go service's heap
// profile is 100 to 300 KB, 1 to 3 MB unpacked.
struct ProfileBounds {
  std::size_t body = 4 * 1024 * 1024;  // as it comes, mostly packed
  std::size_t unpacked = 16 * 1024 * 1024;
  std::size_t entries = 400'000;  // samples, locations, functions and strings together
};

// The smallest limit of the container's control group, version 2 or 1; nullopt: there is none, or
// none can be read. `root` is where groups are mounted.
std::optional<std::uint64_t> memoryLimit(const std::string& root = "/sys/fs/cgroup");

// Bounds with which the process stays below `limit`, whatever the application answers. While a
// profile is read, it takes up to kPeakPerByte bytes for each unpacked one.
ProfileBounds boundsFor(std::optional<std::uint64_t> limit);

}  // namespace profiling::scrape
