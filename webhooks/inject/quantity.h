// resource.Quantity as far as comparing needs it.
#pragma once

#include <optional>
#include <string_view>

namespace profiling::inject {

// "50m" → 0.05, "100Mi" → 104857600; nullopt for what is no quantity.
std::optional<double> quantity(std::string_view text);

}  // namespace profiling::inject
