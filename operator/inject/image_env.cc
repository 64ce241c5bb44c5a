#include "operator/inject/image_env.h"

#include <algorithm>
#include <array>

#include "operator/inject/annotations.h"

namespace profiling::inject {
namespace {

// The variables that agents extend and that images set.
constexpr std::array<std::string_view, 6> kImageVariables{
    "PYTHONPATH", "JAVA_TOOL_OPTIONS", "NODE_OPTIONS", "RUBYOPT", "LD_PRELOAD", "LD_LIBRARY_PATH"};
constexpr std::string_view kAllowedImageEnv =
    "image-env.NAME or image-env.NAME.CONTAINER, where NAME is PYTHONPATH, JAVA_TOOL_OPTIONS, "
    "NODE_OPTIONS, RUBYOPT, LD_PRELOAD or LD_LIBRARY_PATH; at most 4096 bytes";

bool hasContainerNamed(const api::PodView& pod, std::string_view name) {
  const auto in = [name](const std::vector<api::ContainerView>& list) {
    return std::ranges::find(list, name, &api::ContainerView::name) != list.end();
  };
  return in(pod.containers) || in(pod.init_containers);
}

}  // namespace

std::string_view imageEnv(const api::PodView& pod, std::string_view variable,
                          std::string_view container) {
  std::string_view of_all, of_one;
  for (const api::KeyValueView& annotation : pod.annotations) {
    std::string_view key = annotation.key;
    if (!key.starts_with(kImageEnvPrefix) || annotation.value.size() > kMaxImageEnvBytes) continue;
    key.remove_prefix(kImageEnvPrefix.size());
    if (!key.starts_with(variable)) continue;
    key.remove_prefix(variable.size());
    if (key.empty()) {
      of_all = annotation.value;
    } else if (key[0] == '.' && key.substr(1) == container) {
      of_one = annotation.value;
    }
  }
  return of_one.empty() ? of_all : of_one;
}

void checkImageEnv(const api::PodView& pod, std::vector<Warning>& warnings) {
  for (const api::KeyValueView& annotation : pod.annotations) {
    std::string_view key = annotation.key;
    if (!key.starts_with(kImageEnvPrefix)) continue;
    key.remove_prefix(kImageEnvPrefix.size());
    const std::size_t dot = key.find('.');
    const bool known =
        std::ranges::find(kImageVariables, key.substr(0, dot)) != kImageVariables.end();
    const bool here = dot == std::string_view::npos || hasContainerNamed(pod, key.substr(dot + 1));
    if (known && here && annotation.value.size() <= kMaxImageEnvBytes) continue;
    warnings.push_back(invalidAnnotation(annotation.key, annotation.value, kAllowedImageEnv));
  }
}

}  // namespace profiling::inject
