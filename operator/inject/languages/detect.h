// Which languages a container runs, guessed from what the pod says of it: nothing is known of an
// image at admission.
#pragma once

#include <vector>

#include "operator/api/effective.h"
#include "operator/api/k8s/pod_view.h"

namespace profiling::inject {

// In the registry's order. A command is certain, so it decides alone; else variables and the
// image's name, all that they hint at; empty: no idea, and the caller injects every agent, each of
// which is inert unless its runtime starts. What we add to a variable is no hint.
std::vector<api::Language> hintedLanguages(const api::ContainerView& container);

// Eight hex digits over an image's name, without tag and digest: what stays the same from one
// version of a program to the next.
std::string imageHash(std::string_view image);

}  // namespace profiling::inject
