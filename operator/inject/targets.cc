#include "operator/inject/targets.h"

#include <algorithm>

#include "operator/inject/languages/language.h"
#include "operator/inject/names.h"
#include "operator/inject/pprof/pprof_endpoint.h"

namespace profiling::inject {
namespace {

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

bool carriesAgent(const api::ContainerView& container) {
  for (const api::MountView& mount : container.mounts) {
    if (mount.name == kVolumeName && mount.mount_path == kMountPath) return true;
  }
  for (const api::EnvVarView& var : container.env) {
    if (var.name == kPodNameEnv && var.has_value_from) return true;
    for (const LanguageRow* row : languageRows()) {
      if (!row->scraped && var.name == row->variable.name && holdsOurs(var.value, row->variable))
        return true;
    }
  }
  return false;
}

Targets selectTargets(const api::PodView& pod, const ContainerSelection& selection,
                      const Settings& settings) {
  Targets targets;
  const api::ContainerView* sidecar = ownSidecar(pod);
  if (selection.given) {
    for (const api::ContainerView& c : pod.init_containers) {
      if (contains(selection.names, c.name) && !contains(selection.excluded, c.name)) {
        targets.containers.push_back(&c);
      }
    }
    for (const api::ContainerView& c : pod.containers) {
      const bool by_star =
          selection.all && !contains(settings.sidecar_names, c.name) && &c != sidecar;
      if ((by_star || contains(selection.names, c.name)) && !contains(selection.excluded, c.name)) {
        targets.containers.push_back(&c);
      }
    }
    for (const std::string_view name : selection.names) {
      const auto same = [&](const api::ContainerView& c) { return c.name == name; };
      if (std::none_of(pod.containers.begin(), pod.containers.end(), same) &&
          std::none_of(pod.init_containers.begin(), pod.init_containers.end(), same)) {
        targets.unknown.push_back(name);
      }
    }
    return targets;
  }
  const std::string_view scraped = sidecar == nullptr ? std::string_view() : containerOf(*sidecar);
  for (const api::ContainerView& c : pod.containers) {
    if (&c != sidecar && (carriesAgent(c) || c.name == scraped)) targets.containers.push_back(&c);
  }
  if (!targets.containers.empty()) return targets;
  for (const api::ContainerView& c : pod.containers) {
    if (contains(settings.sidecar_names, c.name) || &c == sidecar) continue;
    targets.containers.push_back(&c);
    break;
  }
  return targets;
}

}  // namespace profiling::inject
