#include "operator/inject/pod_checks.h"

#include <algorithm>

#include "operator/inject/languages/language.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

bool tooLarge(const api::PodView& pod) {
  if (pod.containers.size() + pod.init_containers.size() > kMaxContainers) return true;
  for (const auto* list : {&pod.containers, &pod.init_containers}) {
    for (const api::ContainerView& c : *list) {
      if (c.env.size() > kMaxEnv) return true;
    }
  }
  std::size_t bytes = 0;
  for (const api::KeyValueView& a : pod.annotations) bytes += a.key.size() + a.value.size();
  // What we may add has to fit as well.
  return bytes + kMaxDecisionBytes + 512 > kMaxAnnotationBytes;
}

}  // namespace

const api::VolumeView* findVolume(const api::PodView& pod, std::string_view name) {
  for (const api::VolumeView& v : pod.volumes) {
    if (v.name == name) return &v;
  }
  return nullptr;
}

std::optional<Reason> podProblem(const api::PodView& pod) {
  if (tooLarge(pod)) return Reason::kPodTooLarge;
  if (const auto problem = placementProblem(pod)) return problem;
  const api::VolumeView* volume = findVolume(pod, kVolumeName);
  if (volume != nullptr && !volume->is_empty_dir) return Reason::kNameConflict;
  return std::nullopt;
}

std::array<Reason, api::kLanguageCount> languageProblems(const PodReading& reading,
                                                         const Settings& settings,
                                                         const api::AgentImages& agents,
                                                         const NodeClasses* nodes) {
  std::array<Reason, api::kLanguageCount> out;
  out.fill(Reason::kInjected);
  const api::PodView& pod = reading.pod;
  const std::vector<std::string_view> architectures = architecturesOf(pod, nodes);
  const auto served = [&](std::size_t i) {
    return !architectures.empty() && std::ranges::all_of(architectures, [&](std::string_view arch) {
      return arch == "amd64" || (arch == "arm64" && settings.arm64_images[i]);
    });
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto language = static_cast<api::Language>(i);
    const std::string name = initContainerName(language);
    const auto same = [&](const api::ContainerView& c) { return c.name == name; };
    const bool ours = reading.ownInitContainer(language) != nullptr ||
                      (languageRow(language).scraped && reading.sidecar);
    const bool taken = !ours && (std::ranges::any_of(pod.containers, same) ||
                                 std::ranges::any_of(pod.init_containers, same));
    if (agents[i].image.empty()) {
      out[i] = Reason::kNoLanguage;
    } else if (!served(i)) {
      out[i] = Reason::kUnsupportedArchitecture;
    } else if (taken) {
      out[i] = Reason::kNameConflict;
    }
  }
  return out;
}

}  // namespace profiling::inject
