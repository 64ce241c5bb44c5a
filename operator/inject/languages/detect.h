// The languages that a container runs, guessed from the pod: admission knows nothing about an image
// but its name.
#pragma once

#include <vector>

#include "operator/api/effective.h"
#include "operator/api/k8s/pod_view.h"

namespace profiling::inject {

// In the registry's order. A command is certain, so it decides alone; else every language that
// variables or the image's name hint at. Empty: no hint, and the caller injects every agent that is
// inert unless its runtime starts. Our own additions to a variable are no hint.
std::vector<api::Language> hintedLanguages(const api::ContainerView& container);

// Eight hex digits over an image's name without tag and digest, which stays the same from one version
// of a program to the next.
std::string imageHash(std::string_view image);

}  // namespace profiling::inject
