// The annotation profiling.dev/decision as anybody may have edited it: what is read of it stays
// within it, and an agent that is read has a name.
#include <nlohmann/json.hpp>

#include "operator/inject/decision_json.h"
#include "tests/fuzz/fuzz.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

FUZZ(std::string_view input) {
  const std::string_view replica = inject::replicaOf(input);
  require(replica.empty() || (replica.data() >= input.data() &&
                              replica.data() + replica.size() <= input.data() + input.size()),
          "the replica is a part of the text");
  for (const char* container : {"app", "", "worker"}) {
    for (const std::string& agent : inject::agentsIn(input, container)) {
      require(!agent.empty(), "an agent has a name");
    }
  }
  const auto json = nlohmann::json::parse(input, nullptr, false);
  if (json.is_discarded()) return;
  for (const inject::Guess& guess : inject::guessesIn(json)) {
    require(!guess.container.empty(), "a guess names its container");
  }
}
