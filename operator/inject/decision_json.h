// The annotation profiling.dev/decision: what was done to a pod and why, in at most 2 KiB.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/inject/inject.h"

namespace profiling::inject {

// {"policy","policyKind","revision","replica","action","reason","containers":[{"name","languages":[{"language","version"}],
//  "guess","action","reason","skipped":[{"language","reason"}]}],"more":N}. Keys without content
//  are left
// out, "guess" unless the languages are one, and "policyKind" unless it is ClusterProfilingPolicy;
// "more" counts containers that did not fit. The same pod and policy give the same bytes.
std::string decisionJson(const Decision& decision, Reason reason, std::string_view revision,
                         const std::vector<ContainerDecision>& containers,
                         const api::AgentImages& agents);

// Of such an annotation; empty when no share was counted. Anybody may have edited it.
std::string_view replicaOf(std::string_view decision);

// Containers of such an annotation whose languages were guessed.
struct Guess {
  std::string container, image_hash;
  // clang-tidy 14 takes what the compiler makes of it for a null pointer.
  auto operator<=>(const Guess&) const = default;  // NOLINT(modernize-use-nullptr)
};
std::vector<Guess> guessesIn(const nlohmann::json& decision);

// How an agent is named where pods are compared: "java 2.1.2".
std::string agentName(std::string_view language, std::string_view version);
// The agents that the annotation says are in `container`; none where it is no such annotation.
std::vector<std::string> agentsIn(std::string_view decision, std::string_view container);

}  // namespace profiling::inject
