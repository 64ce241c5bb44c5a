// What well-known images run: tables of names, in known_images_*.cc. A row's comment names the image's
// source repository, which states what the image runs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "operator/api/v1alpha1/policy.h"

namespace profiling::inject {

using Runtimes = std::uint8_t;  // a bit for each api::Language; 0: no agent can profile it

constexpr Runtimes runs(api::Language language) {
  return static_cast<Runtimes>(1U << static_cast<unsigned>(language));
}

struct KnownImage {
  // The last part of the image's name, or the last two where the last alone is ambiguous; lower
  // case, "-" for "_".
  std::string_view name;
  Runtimes runtimes = 0;
};
// The tables, each by name.
std::span<const KnownImage> imagesWithAgent();
std::span<const KnownImage> imagesInGo();
std::span<const KnownImage> imagesWithoutAgent();

// The row of an image as a pod names it; null: none.
const KnownImage* findKnownImage(std::string_view image);

}  // namespace profiling::inject
