// The plan for one container.
#pragma once

#include <array>
#include <string>

#include "operator/inject/inject.h"
#include "operator/inject/pprof/pprof_endpoint.h"
#include "operator/inject/tags.h"

namespace profiling::inject {

// What is the same for every container of a pod.
struct PodContext {
  const api::PodView& pod;
  const Decision& decision;
  const Settings& settings;
  const Workload& workload;
  const Tags& tags;
  std::array<Reason, api::kLanguageCount> language_problems;
  std::optional<PprofEndpoint> pprof;

  const api::EffectivePolicy& policy() const { return *decision.policy; }
};

struct ContainerResult {
  ContainerDecision decision;
  ContainerPlan plan;
  bool changed = false;                  // plan holds something to do
  bool loads_agent = false;              // its processes load one: the volume is needed
  std::optional<api::Language> scraped;  // it is asked from beside
  bool needs_temp = false;               // the pod needs the volume for temporary files
};

// Decides language by language: one that cannot be injected does not stop another.
ContainerResult planContainer(const PodContext& ctx, const api::ContainerView& c,
                              std::vector<Warning>& warnings);

}  // namespace profiling::inject
