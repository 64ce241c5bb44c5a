// What a storage server or the metrics API answers: reading ends, and what is read is named.
#include "controllers/signals/metrics.h"
#include "controllers/signals/queries.h"
#include "tests/fuzz/fuzz.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

FUZZ(std::string_view input) {
  const std::chrono::milliseconds step(1'000);
  if (const auto names = signals::parseNames(input); names.ok()) {
    require(signals::typesToAsk(*names).size() <= names->size(),
            "types to ask are some of the types");
  }
  if (const auto seen = signals::parseSeries(input, step); seen.ok()) {
    for (const auto& [pod, at] : *seen) require(!pod.empty(), "a series names its pod");
  }
  (void)signals::parseSenders(input);
  if (const auto usage = signals::parsePodMetrics(input); usage.ok()) {
    for (const auto& pod : *usage) {
      require(!pod.name.empty() && pod.cpu_milli >= 0 && pod.memory_bytes >= 0,
              "usage is of a pod and not negative");
    }
  }
}
