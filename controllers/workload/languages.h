// Learns from arriving profiles which languages guessed containers run: they carry several agents,
// and an agent sends nothing unless its runtime is there. Pure.
#pragma once

#include <map>
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

// A guess in the pods that are old enough to query.
struct GuessInPods {
  std::chrono::milliseconds ready_for{};  // age of the oldest that is ready
  std::set<api::Language> agents;         // that they carry
};

struct LanguageQuestion {
  std::map<inject::Guess, GuessInPods> guesses;
  std::set<std::string> pods;       // the same pods
  std::chrono::milliseconds age{};  // of the oldest of them
  // Until the next pod is old enough; absent: all are.
  std::optional<std::chrono::milliseconds> later;
};
LanguageQuestion questionOf(const PodTable::Members& members, const std::set<inject::Guess>& open,
                            signals::Time now, std::chrono::milliseconds settle);

// The answers in `senders`. A guess without a profile stays open until a pod has been ready for
// `patience`; then the agents that it carries are silent.
std::vector<api::DetectedLanguages> answersTo(const LanguageQuestion& question,
                                              const std::set<signals::Sender>& senders,
                                              std::chrono::milliseconds patience);
// Twenty uploads, at least five minutes: an idle process sends little.
std::chrono::milliseconds patienceOf(std::string_view upload_interval);

// Where no server can be asked: a pod that is ready has shown that the agents do no harm, so the
// next pods get them, too.
std::vector<api::DetectedLanguages> answersWithoutServer(const LanguageQuestion& question);

// The guesses whose containers restart again and again, while no pod without agents has the same
// container fail.
std::vector<api::DetectedLanguages> crashedGuesses(const PodTable::Members& members,
                                                   const std::set<inject::Guess>& open);

// `known` and `learnt` together, the newest last, at most kMaxDetected.
std::vector<api::DetectedLanguages> merged(std::vector<api::DetectedLanguages> known,
                                           const std::vector<api::DetectedLanguages>& learnt);

// When to query again about pods of that age: ever less often, because some containers run no
// language that an agent supports.
std::chrono::milliseconds askAgainAfter(std::chrono::milliseconds age);

}  // namespace profiling::controllers
