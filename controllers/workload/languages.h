// Learns from arriving profiles which languages guessed containers run: they carry several agents,
// and an agent sends nothing unless its runtime is there. Pure.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "controllers/pods/pod_table.h"
#include "controllers/signals/queries.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/inject/decision_json.h"

namespace profiling::controllers {

// The guesses that `known` does not answer.
std::set<inject::Guess> openGuesses(const std::set<inject::Guess>& guesses,
                                    const std::vector<api::DetectedLanguages>& known);

// A new pod may send only some of its profiles at first: those of a start script, say.
std::chrono::milliseconds settleTime(std::string_view upload_interval);

struct LanguageQuestion {
  std::set<inject::Guess> guesses;  // of pods old enough to query
  std::set<std::string> pods;       // the same pods
  std::chrono::milliseconds age{};  // of the oldest of them
  // Until the next pod is old enough; absent: all are.
  std::optional<std::chrono::milliseconds> later;
};
LanguageQuestion questionOf(const PodTable::Members& members, const std::set<inject::Guess>& open,
                            signals::Time now, std::chrono::milliseconds settle);

// The answers in `senders`; guesses without a profile stay open.
std::vector<api::DetectedLanguages> answersTo(const LanguageQuestion& question,
                                              const std::set<signals::Sender>& senders);

// `known` and `learnt` together, the newest last, at most kMaxDetected.
std::vector<api::DetectedLanguages> merged(std::vector<api::DetectedLanguages> known,
                                           const std::vector<api::DetectedLanguages>& learnt);

// When to query again about pods of that age: ever less often, because some containers run no
// language that an agent supports.
std::chrono::milliseconds askAgainAfter(std::chrono::milliseconds age);

}  // namespace profiling::controllers
