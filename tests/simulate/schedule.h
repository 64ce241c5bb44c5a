// One schedule from its beginning to its end.
#pragma once

#include "tests/simulate/invariants.h"

namespace profiling::simulate {

struct Outcome {
  std::optional<Violation> violation;
  // The final state of each workload, with its assigned and rejected revisions.
  std::vector<std::string> ends;
  std::uint64_t decisions = 0;
  std::int64_t overshoot = 0;
  Ms time = 0;
};

// With `trace`, events are printed to stdout.
Outcome runSchedule(const Scenario& scenario, const Decide& decide, bool trace = false);
// Runs a comparable scenario a second time, without kills and delays.
Outcome runSeed(std::uint64_t seed, const Limits& limits, const Decide& decide, bool trace = false);

}  // namespace profiling::simulate
