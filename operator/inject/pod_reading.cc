#include "operator/inject/pod_reading.h"

#include <algorithm>
#include <utility>

#include "operator/inject/fact_log.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

constexpr std::string_view kContainerTag = ",container=";

bool carriesAgent(const ContainerEnv& env) {
  FactLog::add(Fact::kCarriesAgent, &env.container());
  for (const api::MountView& mount : env.container().mounts) {
    if (mount.name == kVolumeName && mount.mount_path == kMountPath) return true;
  }
  return std::ranges::any_of(env.entries(), [](const api::EnvVarView* var) {
    if (var->name == kPodNameEnv) return var->has_value_from;
    return std::ranges::any_of(languageRows(), [var](const LanguageRow* row) {
      return !row->scraped && var->name == row->variable.name &&
             holdsOurs(var->value, row->variable);
    });
  });
}

std::vector<ContainerReading> readAll(const std::vector<api::ContainerView>& containers,
                                      const KnownOfWorkload* known) {
  std::vector<ContainerReading> out;
  out.reserve(containers.size());
  for (const api::ContainerView& c : containers) {
    out.emplace_back(c, known == nullptr ? nullptr : &known->config_maps);
  }
  return out;
}

auto findOwnInitContainers(const std::vector<api::ContainerView>& containers) {
  std::array<const api::ContainerView*, api::kLanguageCount> out{};
  for (const api::ContainerView& c : containers) {
    if (c.is_native_sidecar || !c.name.starts_with(kInitContainerPrefix)) continue;
    const bool writes = std::ranges::any_of(c.mounts, [](const api::MountView& m) {
      return m.name == kVolumeName && m.mount_path == kMountPath && !m.read_only;
    });
    if (!writes) continue;
    const std::string_view token = c.name.substr(kInitContainerPrefix.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out[i] == nullptr && token == api::languageToken(static_cast<api::Language>(i))) {
        out[i] = &c;
      }
    }
  }
  return out;
}

std::string_view targetOf(const ContainerEnv& sidecar) {
  const api::EnvVarView* labels = sidecar.find(kLabelsEnv);
  if (labels == nullptr) return {};
  const std::size_t at = labels->value.rfind(kContainerTag);
  return at == std::string_view::npos ? std::string_view()
                                      : labels->value.substr(at + kContainerTag.size());
}

std::optional<OwnSidecar> findOwnSidecar(const std::vector<ContainerReading>& init_containers,
                                         const std::vector<ContainerReading>& containers) {
  for (const auto* list : {&init_containers, &containers}) {
    for (const ContainerReading& c : *list) {
      if (!c.view().name.starts_with(kInitContainerPrefix)) continue;
      const api::EnvVarView* port = c.env.find(kPprofPortEnv);
      if (port != nullptr) return OwnSidecar{&c.view(), targetOf(c.env), port->value};
    }
  }
  return std::nullopt;
}

}  // namespace

ContainerReading::ContainerReading(const api::ContainerView& container,
                                   const std::vector<api::ConfigMapNames>* config_maps)
    : env(container, config_maps), carries_agent(carriesAgent(env)) {
}

PodReading::PodReading(const api::PodView& pod, const Workload& workload,
                       std::shared_ptr<const KnownOfWorkload> known)
    : pod(pod),
      workload(workload),
      known(std::move(known)),
      init_containers(readAll(pod.init_containers, this->known.get())),
      containers(readAll(pod.containers, this->known.get())),
      own_init_containers(findOwnInitContainers(pod.init_containers)),
      sidecar(findOwnSidecar(init_containers, containers)),
      asks_alloy(pod.label(api::kProfiledKey) && pod.annotation(api::kDecisionKey) &&
                 pod.annotation(kAlloyCpuKey)) {
  FactLog::add(Fact::kOwnParts, &pod);
}

std::optional<std::string_view> PodReading::carriedRevision() const {
  const bool carries =
      sidecar || asks_alloy ||
      std::ranges::any_of(own_init_containers, [](const auto* c) { return c != nullptr; });
  return carries ? pod.label(api::kProfiledKey) : std::nullopt;
}

}  // namespace profiling::inject
