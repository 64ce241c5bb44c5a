#include "operator/inject/targets.h"

#include <algorithm>

#include "operator/inject/fact_log.h"

namespace profiling::inject {
namespace {

// The pod's main container, by its owner or by a webhook that added others.
constexpr std::string_view kDefaultContainerKey = "kubectl.kubernetes.io/default-container";

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

bool hasContainer(const std::vector<api::ContainerView>& list, std::string_view name) {
  return std::ranges::find(list, name, &api::ContainerView::name) != list.end();
}

Targets selectNamed(const PodReading& pod, const ContainerSelection& selection,
                    const std::vector<const ContainerReading*>& by_default) {
  Targets targets;
  const auto add = [&](const ContainerReading& c, bool by_star) {
    const std::string_view name = c.view().name;
    if ((by_star || contains(selection.names, name)) && !contains(selection.excluded, name)) {
      targets.containers.push_back(&c);
    }
  };
  for (const ContainerReading& c : pod.init_containers) add(c, false);
  for (const ContainerReading& c : pod.containers) {
    add(c, selection.all && std::ranges::find(by_default, &c) != by_default.end());
  }
  for (const std::string_view name : selection.names) {
    if (!hasContainer(pod.pod.containers, name) && !hasContainer(pod.pod.init_containers, name)) {
      targets.unknown.push_back(name);
    }
  }
  return targets;
}

}  // namespace

Targets selectTargets(const PodReading& pod, const ContainerSelection& selection,
                      const Settings& settings) {
  FactLog::add(Fact::kTargets, &pod.pod);
  const api::ContainerView* own = pod.sidecar ? pod.sidecar->container : nullptr;
  std::vector<const ContainerReading*> applications, injected;
  for (const ContainerReading& c : pod.containers) {
    if (&c.view() == own) continue;
    if (!contains(settings.sidecar_names, c.view().name)) applications.push_back(&c);
    const bool scraped = pod.sidecar && c.view().name == pod.sidecar->target;
    if (c.carries_agent || scraped) injected.push_back(&c);
  }
  if (selection.given) return selectNamed(pod, selection, applications);
  if (!injected.empty() || applications.empty()) return {injected, {}};
  const std::string_view main = pod.pod.annotation(kDefaultContainerKey).value_or("");
  const auto named = std::ranges::find_if(
      applications, [main](const ContainerReading* c) { return c->view().name == main; });
  return {{named == applications.end() ? applications.front() : *named}, {}};
}

}  // namespace profiling::inject
