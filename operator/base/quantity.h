// Parses resource.Quantity into a number to compare and add up. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace profiling {

// "50m" → 0.05, "100Mi" → 104857600, "1e3" → 1000; nullopt for anything else, negative
// quantities included: no resource is negative.
std::optional<double> parseQuantity(std::string_view text);

}  // namespace profiling
