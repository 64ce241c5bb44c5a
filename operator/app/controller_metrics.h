// The controllers' metrics. Names and meanings of `workqueue_*` are client-go's
// (util/workqueue, and controller-runtime's pkg/metrics), so that existing dashboards fit;
// `profiling_reconcile_*` have the shape of controller_runtime_reconcile_*.
#pragma once

#include "controllers/manager.h"
#include "operator/obs/health.h"
#include "operator/obs/metrics.h"

namespace profiling::app {

// Call before the controllers' workers start. Both arguments must outlive the exposition.
void exportControllers(obs::Metrics& metrics, controllers::Manager& manager);

// Adds the liveness check `reconcile`, which fails when one reconcile has run for a quarter of an
// hour: every call in it has a far shorter deadline, so it will never end.
void addWatchdog(obs::Health& health, const controllers::Manager& manager);

}  // namespace profiling::app
