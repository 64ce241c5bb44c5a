// The syntax of Kubernetes object names.
#pragma once

#include <algorithm>
#include <string_view>

namespace profiling {

// An RFC 1123 label, as for namespaces and Services: a-z, 0-9 and inner '-', at most 63.
inline bool isDnsLabel(std::string_view text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [&](char c) { return c == '-' || alphanumeric(c); });
}

}  // namespace profiling
