// The annotation profiling.dev/decision: what was decided about a pod and why, in at most 2 KiB.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "operator/inject/inject.h"

namespace profiling::inject {

//   {"policy", "policyKind", "revision", "replica", "action", "reason",
//    "containers": [{"name", "languages": [{"language", "version"}], "guess", "guessedVersion",
//                    "hidden", "action", "reason",
//                    "skipped": [{"language", "reason", "detail"}]}],
//    "more": N}
//
// Keys without content are left out: "guess" and "guessedVersion" unless arriving profiles may
// correct the languages, "hidden" unless our variables of these names may replace values of the
// image, and "policyKind" unless it is ClusterProfilingPolicy. "more" counts containers that did not
// fit. The same pod and policy give the same bytes. `injected` is null for a pod that gets no agent.
std::string decisionJson(const Decision& decision, Reason reason, const Assigned* injected,
                         const std::vector<ContainerDecision>& containers,
                         const api::AgentImages& agents);

// "replica" of such an annotation; empty when no share was counted. Anybody may have edited it.
std::string_view replicaOf(std::string_view decision);

// "reason" of such an annotation of a pod without an agent; empty where the text is no such
// annotation.
std::string answerIn(std::string_view decision);

// A container of such an annotation whose languages are not certain.
struct Guess {
  std::string container, image_hash;
  std::string image_version = {};
  // clang-tidy 14 takes what the compiler makes of it for a null pointer.
  auto operator<=>(const Guess&) const = default;  // NOLINT(modernize-use-nullptr)
};
std::vector<Guess> guessesIn(const nlohmann::json& decision);
// The same from its text; nothing is parsed where it has no guess.
std::vector<Guess> guessesInText(std::string_view decision);

// An agent's name where pods are compared: "java 2.1.2".
std::string agentName(std::string_view language, std::string_view version);
// The agents in `container` by that annotation; none where the text is no such annotation.
std::vector<std::string> agentsIn(std::string_view decision, std::string_view container);

}  // namespace profiling::inject
