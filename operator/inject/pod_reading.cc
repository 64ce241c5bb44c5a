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

// Without tag and digest.
std::string_view repositoryOf(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t colon = image.rfind(':'), slash = image.rfind('/');
  const bool tagged =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return tagged ? image.substr(0, colon) : image;
}

std::optional<api::Language> languageOfName(std::string_view name) {
  if (!name.starts_with(kInitContainerPrefix)) return std::nullopt;
  return api::languageFromToken(name.substr(kInitContainerPrefix.size()));
}

auto findOwnInitContainers(const std::vector<api::ContainerView>& containers,
                           const OwnImages& images) {
  std::array<const api::ContainerView*, api::kLanguageCount> out{};
  for (const api::ContainerView& c : containers) {
    const auto language = languageOfName(c.name);
    if (c.is_native_sidecar || !language || !images.has(*language, c.image)) continue;
    const bool writes = std::ranges::any_of(c.mounts, [](const api::MountView& m) {
      return m.name == kVolumeName && m.mount_path == kMountPath && !m.read_only;
    });
    if (!writes) continue;
    auto& own = out[static_cast<std::size_t>(*language)];
    if (own == nullptr) own = &c;
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
                                         const std::vector<ContainerReading>& containers,
                                         const OwnImages& images) {
  for (const auto* list : {&init_containers, &containers}) {
    for (const ContainerReading& c : *list) {
      const auto language = languageOfName(c.view().name);
      if (!language || !images.has(*language, c.view().image)) continue;
      const api::EnvVarView* port = c.env.find(kPprofPortEnv);
      if (port == nullptr) continue;
      const bool damaged = c.view().is_init && !c.view().is_native_sidecar;
      return OwnSidecar{&c.view(), targetOf(c.env), port->value, damaged};
    }
  }
  return std::nullopt;
}

}  // namespace

ContainerReading::ContainerReading(const api::ContainerView& container,
                                   const std::vector<api::ConfigMapNames>* config_maps)
    : env(container, config_maps), carries_agent(carriesAgent(env)) {
}

bool OwnImages::has(api::Language language, std::string_view image) const {
  const auto i = static_cast<std::size_t>(language);
  const std::string_view repository = repositoryOf(image);
  const auto same = [&](const api::AgentImages& agents) {
    return !repository.empty() && repositoryOf(agents[i].image) == repository;
  };
  if (same(settings_.agents)) return true;
  if (policy_ == nullptr) return false;
  if (same(policy_->agents)) return true;
  const auto label = pod_.label(api::kProfiledKey);
  const auto recorded = label ? policy_->at(*label) : nullptr;
  return recorded != nullptr && same(recorded->agents);
}

PodReading::PodReading(const api::PodView& pod, const Workload& workload, const OwnImages& images,
                       std::shared_ptr<const KnownOfWorkload> known)
    : pod(pod),
      workload(workload),
      known(std::move(known)),
      init_containers(readAll(pod.init_containers, this->known.get())),
      containers(readAll(pod.containers, this->known.get())),
      own_init_containers(findOwnInitContainers(pod.init_containers, images)),
      sidecar(findOwnSidecar(init_containers, containers, images)),
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
