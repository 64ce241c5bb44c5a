// The plan for one container.
#pragma once

#include <optional>
#include <vector>

#include "operator/inject/pod_context.h"

namespace profiling::inject {

struct ContainerResult {
  ContainerDecision decision;
  ContainerPlan plan;
  bool changed = false;                  // the plan holds something to do
  bool loads_agent = false;              // its processes load an agent: the volume is needed
  std::optional<api::Language> scraped;  // its pprof endpoint is scraped as this language
  bool needs_temp = false;               // the pod needs the volume for temporary files
};

// Decides language by language: one that cannot be injected does not stop another.
ContainerResult planContainer(const PodContext& ctx, const ContainerReading& container,
                              std::vector<Warning>& warnings);

}  // namespace profiling::inject
