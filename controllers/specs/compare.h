// Compares a live object with the object that we want. Pure.
//
// Only fields of the wanted object are compared: the API server's defaults and fields of other
// clients are ignored. Lists that Kubernetes merges by key (containers, env, ports, …) are
// compared entry by entry by that key; other lists must be equal in length and order. Quantities
// are compared by value, because the server rewrites them ("1024Mi" comes back as "1Gi").
// apiVersion and kind of the object itself do not count: items of a list come without them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace profiling::specs {

// JSON pointer of the first field that differs; nullopt when the live object covers the wanted one.
std::optional<std::string> firstDifference(const nlohmann::json& live,
                                           const nlohmann::json& wanted);

// "1Gi" equals "1024Mi" and "0.5" equals "500m"; text that is not a quantity equals only itself.
bool sameQuantity(std::string_view a, std::string_view b);

}  // namespace profiling::specs
