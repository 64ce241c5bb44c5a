#include "operator/inject/languages/known_images.h"

#include <algorithm>
#include <array>

#include "operator/inject/image_words.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kMaxName = 128;  // no row is as long

const KnownImage* rowOf(std::string_view name) {
  for (const auto rows : {imagesWithAgent(), imagesInGo(), imagesWithoutAgent()}) {
    const auto it = std::ranges::lower_bound(rows, name, {}, &KnownImage::name);
    if (it != rows.end() && it->name == name) return &*it;
  }
  return nullptr;
}

}  // namespace

const KnownImage* findKnownImage(std::string_view image) {
  image = withoutTag(image);
  if (image.size() > kMaxName) image.remove_prefix(image.size() - kMaxName);
  std::array<char, kMaxName> text{};
  std::ranges::transform(image, text.begin(), [](char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return c == '_' ? '-' : c;
  });
  const std::string_view path(text.data(), image.size());
  const std::size_t last = path.rfind('/');
  if (last == std::string_view::npos) return rowOf(path);
  // npos + 1 is 0.
  const KnownImage* exact = rowOf(path.substr(last == 0 ? 0 : path.rfind('/', last - 1) + 1));
  return exact != nullptr ? exact : rowOf(path.substr(last + 1));
}

}  // namespace profiling::inject
