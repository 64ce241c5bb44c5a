// JSON from and to the API server. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "operator/base/status.h"

namespace profiling::kube {

// Deepest nesting that parseJson() accepts. The API server's own objects stay below 100 (the
// deepest is a CRD whose schema holds a pod template); nlohmann's dump() and copy recurse, so a
// bound is needed before a DOM is built.
inline constexpr int kMaxJsonDepth = 200;

// Errors are kInternal, because the text comes from the server; they never quote it.
Result<nlohmann::json> parseJson(std::string_view text);

// JSON text of `value`; bytes that are not UTF-8 become U+FFFD instead of an exception.
std::string dumpJson(const nlohmann::json& value);

}  // namespace profiling::kube
