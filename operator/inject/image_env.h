// The annotations profiling.dev/image-env.NAME and profiling.dev/image-env.NAME.CONTAINER: the value
// that the image itself gives a variable. A pod's variable replaces the image's, which admission
// cannot see; a stated one is extended like one of the pod.
#pragma once

#include <string_view>
#include <vector>

#include "operator/inject/inject.h"

namespace profiling::inject {

inline constexpr std::string_view kImageEnvPrefix = "profiling.dev/image-env.";
inline constexpr std::size_t kMaxImageEnvBytes = 4096;

// What the pod states of that variable of the container's image; empty: nothing. The annotation that
// names the container comes first.
std::string_view imageEnv(const api::PodView& pod, std::string_view variable,
                          std::string_view container);
// Warns of such annotations that are not used: another variable, an unknown container, a long value.
void checkImageEnv(const api::PodView& pod, std::vector<Warning>& warnings);

}  // namespace profiling::inject
