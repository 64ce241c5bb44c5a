// The gates: is the target revision harmless to a workload? They compare its pods with their
// siblings and attribute each failure. Missing data never passes. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

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
  bool compared = false;     // an earlier step of this move has compared CPU and memory
  std::int64_t share = 100;  // per cent of the pods that will carry the revision in the end
};

struct GateResult {
  api::GateVerdict verdict;  // kNone: too early to say
  std::optional<api::Overhead> overhead;
  bool too_costly = false;    // the verdict is about CPU or memory
  bool broke = false;         // the agent broke a process: image and agent are incompatible
  std::optional<Time> again;  // a deadline that would change it
};

// What one gate finds: kPass, kNone (too early to say), kFail, kError or kInconclusive.
struct GateFinding {
  api::Verdict result = api::Verdict::kPass;
  api::Attribution attribution = api::Attribution::kNone;
  api::RolloutReason reason = api::RolloutReason::kAllGatesPassed;
  std::string message;
  std::vector<std::string> evidence = {};
};

// A termination message that contains one of these, in any case, blames an agent.
inline constexpr std::array<std::string_view, 4> kAgentWords{"asyncprofiler", "async-profiler",
                                                             "pyroscope", "/profiling-agent/"};
// Extra CPU below this never fails a step: a percentage of almost nothing is meaningless.
inline constexpr std::int64_t kNegligibleMilli = 20;
// Samples of a pod that a comparison needs.
inline constexpr std::int64_t kMinSamples = 3;

// Crashes, readiness, images, OOM: failures that must be acted on at once. kPass or kNone when
// nothing is wrong.
GateResult checkHealth(const GateInput& input);
// All gates that a step must pass in the end.
GateResult evaluateGates(const GateInput& input);

}  // namespace profiling::engine
