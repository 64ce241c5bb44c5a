// What planning the containers of one pod has in common.
#pragma once

#include <array>
#include <optional>

#include "operator/inject/inject.h"
#include "operator/inject/pod_reading.h"
#include "operator/inject/pprof/pprof_endpoint.h"
#include "operator/inject/tags.h"

namespace profiling::inject {

struct PodContext {
  const PodReading& reading;
  const Decision& decision;
  const api::EffectivePolicy& policy;  // at the revision that the pod gets
  const Settings& settings;
  const ServiceName& service_name;
  const Tags& tags;
  std::array<Reason, api::kLanguageCount> language_problems;
  std::optional<PprofEndpoint> pprof;
  Fitting& fitting;
  bool finds_language = true;  // see Assigned
};

}  // namespace profiling::inject
