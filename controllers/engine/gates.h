// The gates: is what was done to a workload harmless? Compares the pods of the target revision with
// their siblings and says whose fault a failure is. Silence never passes. Pure.
#pragma once

#include <array>
#include <string_view>

#include "controllers/engine/world.h"

namespace profiling::engine {

struct GateInput {
  const Gates& gates;
  const Pods& pods;
  std::string_view revision;  // under test
  const std::optional<api::Baseline>& baseline;
  const Sources& sources;
  Time now{};
  Time since{};              // of the step
  bool compared = false;     // an earlier step of this move has compared CPU and memory already
  std::int64_t share = 100;  // per cent of the pods that will carry the revision in the end
};

struct GateResult {
  api::GateVerdict verdict;  // kNone: too early to say
  std::optional<api::Overhead> overhead;
  bool too_costly = false;    // the verdict is about CPU or memory
  bool broke = false;         // the agent broke a process: image and agent do not go together
  std::optional<Time> again;  // a deadline that would change it
};

// A termination message that holds one of these, whatever its case, speaks of an agent.
inline constexpr std::array<std::string_view, 4> kAgentWords{"asyncprofiler", "async-profiler",
                                                             "pyroscope", "/profiling-agent/"};
// Extra CPU below this never fails a step: a share of next to nothing says nothing.
inline constexpr std::int64_t kNegligibleMilli = 20;
// Samples of a pod that a comparison needs.
inline constexpr std::int64_t kMinSamples = 3;

// Crashes, readiness, images, OOM: what must be answered at once. kPass or kNone when nothing is
// wrong.
GateResult checkHealth(const GateInput& input);
// All of them: what a step must pass in the end.
GateResult evaluateGates(const GateInput& input);

}  // namespace profiling::engine
