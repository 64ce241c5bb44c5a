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

// An RFC 1123 subdomain, as for most objects: labels of any length with '.' between, at most 253.
inline bool isDnsSubdomain(std::string_view text) {
  if (text.size() > 253) return false;
  const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  char before = '.';
  for (const char c : text) {
    const bool inner = word(before) && (c == '-' || c == '.');
    if (!word(c) && !inner && !(c == '-' && before == '-')) return false;
    before = c;
  }
  return word(before);
}

}  // namespace profiling
