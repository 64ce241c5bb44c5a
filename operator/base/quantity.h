// resource.Quantity as far as comparing and adding up need it. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace profiling {

// "50m" → 0.05, "100Mi" → 104857600, "1e3" → 1000; nullopt for what is no quantity, negative ones
// included: no resource has any.
std::optional<double> parseQuantity(std::string_view text);

}  // namespace profiling
