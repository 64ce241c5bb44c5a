// Whether a program listens on a port of this network namespace. Asks the kernel, so the program
// notices nothing of it. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>

namespace profiling::scrape {

// On any address, IPv4 or IPv6. nullopt where the kernel does not say, as in gVisor.
std::optional<bool> listens(std::uint16_t port);

}  // namespace profiling::scrape
