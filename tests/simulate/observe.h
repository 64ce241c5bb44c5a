// What a controller is told of a workload's pods, metrics and profiles included.
#pragma once

#include "tests/simulate/cluster.h"

namespace profiling::simulate {

bool out(const Scenario& scenario, Outage::Of what, Ms now);
engine::Sources observeSources(const Scenario& scenario, Ms now);
std::shared_ptr<const engine::Pods> observePods(const Scenario& scenario, std::size_t index,
                                                const SimWorkload& workload, Ms now);

}  // namespace profiling::simulate
