// Which languages' agents one container gets.
#pragma once

#include <string>
#include <vector>

#include "operator/inject/pod_context.h"

namespace profiling::inject {

struct LanguageChoice {
  std::vector<api::Language> languages;
  Reason none = Reason::kNoLanguage;  // why there are none
  bool certain = true;                // else arriving profiles may correct it
  bool finds_language = false;        // no step of the ladder named any: one pod at a time tries
};

// The ladder: annotation, policy, the container's command, what the record knows of such a
// container, the image's and the variables' hints, every language whose agent is inert. What an
// earlier pass put in stays.
LanguageChoice chooseLanguages(const PodContext& ctx, const ContainerReading& container,
                               std::vector<Warning>& warnings);

}  // namespace profiling::inject
