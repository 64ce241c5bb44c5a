// What a workload's containers run, where only their profiles tell: they were given the agents of
// several languages by guess, and each sends nothing unless its runtime is there. Pure.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "controllers/pods/pod_table.h"
#include "controllers/signals/queries.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/inject/decision_json.h"

namespace profiling::controllers {

// Guesses that `known` has no answer to.
std::set<inject::Guess> openGuesses(const std::set<inject::Guess>& guesses,
                                    const std::vector<api::DetectedLanguages>& known);

// What comes from a pod in its first moments may be only a part: a start script's runtime, say.
std::chrono::milliseconds settleTime(std::string_view upload_interval);

struct LanguageQuestion {
  std::set<inject::Guess> guesses;  // of pods old enough to be asked about
  std::set<std::string> pods;       // those
  std::chrono::milliseconds age{};  // of the oldest of them
  // Until the next pod is old enough; absent: all are.
  std::optional<std::chrono::milliseconds> later;
};
LanguageQuestion questionOf(const PodTable::Members& members, const std::set<inject::Guess>& open,
                            signals::Time now, std::chrono::milliseconds settle);

// What `senders` answer; guesses that nobody has sent for stay open.
std::vector<api::DetectedLanguages> answersTo(const LanguageQuestion& question,
                                              const std::set<signals::Sender>& senders);

// `known` with what was learnt, the newest last, at most kMaxDetected.
std::vector<api::DetectedLanguages> merged(std::vector<api::DetectedLanguages> known,
                                           const std::vector<api::DetectedLanguages>& learnt);

// When to ask again about pods of that age: ever less often, for some containers run no language
// that an agent is for.
std::chrono::milliseconds askAgainAfter(std::chrono::milliseconds age);

}  // namespace profiling::controllers
