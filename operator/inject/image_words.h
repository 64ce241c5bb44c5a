// The words of an image's own name: "aspnet", "8", "0" and "alpine3" of
// "mcr.example/dotnet/aspnet:8.0-alpine3".
#pragma once

#include <string_view>

namespace profiling::inject {

// Name and tag: neither registry and folders nor the digest.
constexpr std::string_view nameAndTag(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t slash = image.rfind('/');
  return slash == std::string_view::npos ? image : image.substr(slash + 1);
}

// Registry, folders and name: neither tag nor digest.
constexpr std::string_view withoutTag(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t colon = image.rfind(':'), slash = image.rfind('/');
  const bool tagged =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return tagged ? image.substr(0, colon) : image;
}

// "jdk17" is "jdk" to us.
constexpr std::string_view withoutNumber(std::string_view word) {
  while (!word.empty() && word.back() >= '0' && word.back() <= '9') word.remove_suffix(1);
  return word;
}

// Whether fits(word) for a word between - _ . and : of the text.
template <class Fits>
constexpr bool anyImageWord(std::string_view text, Fits fits) {
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("-_.:");
    if (fits(text.substr(0, end))) return true;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace profiling::inject
