// Which languages' agents one container gets.
#pragma once

#include <string>
#include <vector>

#include "operator/inject/pod_context.h"

namespace profiling::inject {

struct LanguageChoice {
  std::vector<api::Language> languages;
  bool guessed = false;    // no step of the ladder named any
  std::string image_hash;  // set where the record was asked or the languages are a guess
};

// The ladder: annotation, policy, hints, what the record knows of such a container, every language
// whose agent is inert. What an earlier pass put in stays.
LanguageChoice chooseLanguages(const PodContext& ctx, const ContainerEnv& env,
                               std::vector<Warning>& warnings);

}  // namespace profiling::inject
