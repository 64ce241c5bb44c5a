// What the engine is told of a policy. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "controllers/engine/engine.h"
#include "operator/api/effective.h"

namespace profiling::controllers {

engine::Plan planOf(const api::EffectivePolicy& policy);

// The wave of a namespace: the first that selects it, else one after the last.
std::size_t waveOf(const api::EffectivePolicy& policy,
                   const std::map<std::string, std::string>& namespace_labels);

}  // namespace profiling::controllers
