// The engine's plan of a policy. Pure.
#pragma once

#include "controllers/engine/engine.h"
#include "operator/api/effective.h"

namespace profiling::controllers {

engine::Plan planOf(const api::EffectivePolicy& policy);

}  // namespace profiling::controllers
