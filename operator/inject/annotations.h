// The grammar of our annotations: small, exact, capped. A wrong value is ignored with a warning.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "operator/inject/inject.h"

namespace profiling::inject {

inline constexpr std::size_t kMaxInjectBytes = 128;
inline constexpr std::size_t kMaxContainersBytes = 4096;
inline constexpr std::size_t kMaxContainerNames = 64;
inline constexpr std::size_t kMaxTagsBytes = 2048;

// "true", "false" or languages: "java,python".
struct InjectValue {
  enum class Kind { kAbsent, kYes, kNo, kLanguages, kInvalid } kind = Kind::kAbsent;
  std::vector<api::Language> languages;
};
InjectValue parseInject(std::optional<std::string_view> value, std::string_view place,
                        std::vector<Warning>& warnings);

// "app,worker", "*", "!name"; a list of exclusions alone means all other containers. `*` is every
// application container that is no known sidecar; an init container or a sidecar is a target only
// by its name.
struct ContainerSelection {
  bool given = false;
  bool all = false;
  std::vector<std::string_view> names;
  std::vector<std::string_view> excluded;
};
ContainerSelection parseContainers(std::optional<std::string_view> value,
                                   std::vector<Warning>& warnings);

Warning invalidAnnotation(std::string_view key, std::string_view value, std::string_view allowed);

}  // namespace profiling::inject
