// What a pod's text says about the pod, worked out once for each admission. Everything that plans
// works on these facts and does not look for them again.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "operator/inject/env.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

// Whether an image is one of ours, by its repository: one of the administrator's, of the policy's, or
// of the revision in the pod's label, which may be older. A container's name alone proves nothing:
// anybody may use it. Views its arguments; `policy` may be null.
class OwnImages {
 public:
  OwnImages(const api::PodView& pod, const Settings& settings, const api::EffectivePolicy* policy)
      : pod_(pod), settings_(settings), policy_(policy) {}
  bool has(api::Language language, std::string_view image) const;

 private:
  const api::PodView& pod_;
  const Settings& settings_;
  const api::EffectivePolicy* policy_;
};

struct ContainerReading {
  ContainerReading(const api::ContainerView& container,
                   const std::vector<api::ConfigMapNames>* config_maps);

  const api::ContainerView& view() const { return env.container(); }

  ContainerEnv env;
  bool carries_agent;  // it has our mount or one of our variables, from an earlier pass
};

// Our sidecar of an earlier pass, native or not.
struct OwnSidecar {
  const api::ContainerView* container = nullptr;
  std::string_view target;  // the container that it scrapes, by its tags; empty: they do not say
  std::string_view port;
  // Another webhook took away its restartPolicy: the pod would wait for ever for it to end.
  bool damaged = false;
};

// Views the pod, which outlives it.
struct PodReading {
  // `known` is what the workload's record adds; may be null.
  PodReading(const api::PodView& pod, const Workload& workload, const OwnImages& images,
             std::shared_ptr<const KnownOfWorkload> known = nullptr);
  PodReading(const PodReading&) = delete;
  PodReading& operator=(const PodReading&) = delete;

  // Our init container of that language, from an earlier pass; null: none.
  const api::ContainerView* ownInitContainer(api::Language language) const {
    return own_init_containers[static_cast<std::size_t>(language)];
  }
  // The revision that an earlier pass put into the pod; nullopt when it carries no agent.
  std::optional<std::string_view> carriedRevision() const;

  const api::PodView& pod;
  const Workload workload;
  const std::shared_ptr<const KnownOfWorkload> known;
  const std::vector<ContainerReading> init_containers, containers;
  const std::array<const api::ContainerView*, api::kLanguageCount> own_init_containers;
  const std::optional<OwnSidecar> sidecar;
  const bool asks_alloy;  // an earlier pass wrote the annotations for the cluster's Alloy
};

}  // namespace profiling::inject
