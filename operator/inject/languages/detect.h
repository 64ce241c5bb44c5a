// The languages that a container runs, guessed from the pod: admission knows nothing about an image
// but its name.
#pragma once

#include <vector>

#include "operator/api/effective.h"
#include "operator/api/k8s/pod_view.h"

namespace profiling::inject {

// What the hint rests on, the strongest first. A weaker one is not looked at.
enum class HintSource {
  kCommand,     // the container's own command: certain
  kKnownImage,  // the table of well-known images; no language: no agent can profile it
  kWords,       // words of the image's name, names of variables
  kNone,
};

struct LanguageHints {
  std::vector<api::Language> languages;  // in the registry's order
  HintSource source = HintSource::kNone;
};
// Our own additions to a variable are no hint.
LanguageHints languageHints(const api::ContainerView& container);

// Eight hex digits over an image's name without tag and digest, which stays the same from one version
// of a program to the next.
std::string imageHash(std::string_view image);
// The same over the whole text: of one version.
std::string imageVersionHash(std::string_view image);

}  // namespace profiling::inject
