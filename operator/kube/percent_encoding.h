// Percent-encoding for URLs. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace profiling::kube {

// Encodes all but RFC 3986's unreserved characters as %XX, for a path segment or a query value.
std::string percentEncode(std::string_view text);

}  // namespace profiling::kube
