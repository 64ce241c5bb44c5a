// One way to put text together: strCat("port ", 8443, " is taken"), join(names, ", ").
#pragma once

#include <concepts>
#include <ranges>
#include <string>
#include <string_view>

namespace profiling {
namespace str_cat_internal {

inline void append(std::string& out, std::string_view text) {
  out.append(text);
}
inline void append(std::string& out, char c) {
  out.push_back(c);
}
template <std::integral Number>
requires(!std::same_as<Number, char> && !std::same_as<Number, bool>) void append(std::string& out,
                                                                                 Number number) {
  out.append(std::to_string(number));
}

}  // namespace str_cat_internal

// Text, characters and whole numbers, one after the other.
template <class... Parts>
std::string strCat(const Parts&... parts) {
  std::string out;
  (str_cat_internal::append(out, parts), ...);
  return out;
}

template <class... Parts>
void strAppend(std::string& out, const Parts&... parts) {
  (str_cat_internal::append(out, parts), ...);
}

// The elements of `range`, each as strCat() writes it, with `separator` between two.
template <std::ranges::input_range Range>
std::string join(const Range& range, std::string_view separator) {
  std::string out;
  bool first = true;
  for (const auto& element : range) {
    if (!first) out.append(separator);
    first = false;
    str_cat_internal::append(out, element);
  }
  return out;
}

}  // namespace profiling
