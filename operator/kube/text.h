// Text that goes to and comes from the API server. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "operator/base/status.h"

namespace profiling::kube {

// Everything but RFC 3986's unreserved characters as %XX: fit for a path segment or a query value.
std::string percentEncode(std::string_view text);

// Deepest nesting that parseJson takes. The API server's own objects stay below 100 (a CRD's
// schema of a pod template is the deepest); nlohmann's dump() and copy recurse, so a bound is
// needed before a DOM is built.
inline constexpr int kMaxJsonDepth = 200;

// Errors are kInternal, for the text comes from the server; they never quote it.
Result<nlohmann::json> parseJson(std::string_view text);

// JSON text of `value`; bytes that are not UTF-8 become U+FFFD instead of an exception.
std::string dumpJson(const nlohmann::json& value);

}  // namespace profiling::kube
