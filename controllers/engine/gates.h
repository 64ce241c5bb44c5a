// The gates: is what was done to a workload harmless? Compares the pods of the target revision with
// their siblings and says whose fault a failure is. Silence never passes. Pure.
#pragma once

#include "controllers/engine/world.h"

namespace profiling::engine {

struct GateInput {
  const Gates& gates;
  const Pods& pods;
  std::string_view revision;  // under test
  const std::optional<api::Baseline>& baseline;
  const Sources& sources;
  Time now{};
  Time since{};  // of the step
};

struct GateResult {
  api::GateVerdict verdict;  // kNone: too early to say
  std::optional<api::Overhead> overhead;
  bool too_costly = false;    // the verdict is about CPU or memory
  std::optional<Time> again;  // a deadline that would change it
};

// Crashes, readiness, images, OOM: what must be answered at once. kPass or kNone when nothing is
// wrong.
GateResult checkHealth(const GateInput& input);
// All of them: what a step must pass in the end.
GateResult evaluateGates(const GateInput& input);

}  // namespace profiling::engine
