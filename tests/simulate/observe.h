// A controller's view of a workload's pods, metrics and profiles included. Pods that it has
// evicted (`asked`) count as terminating, whether that was observed or not.
#pragma once

#include <set>
#include <string>

#include "tests/simulate/cluster.h"

namespace profiling::simulate {

bool out(const Scenario& scenario, Outage::Of what, Ms now);
engine::Sources observeSources(const Scenario& scenario, Ms now);
std::shared_ptr<const engine::Pods> observePods(const Scenario& scenario, std::size_t index,
                                                const SimWorkload& workload, Ms now,
                                                const std::set<std::string>& asked);

}  // namespace profiling::simulate
