// A storage server's /metrics: lines are read within themselves, sums are numbers, and two reads can
// be compared.
#include "controllers/signals/prometheus_text.h"

#include <cmath>

#include "controllers/signals/pressure.h"
#include "operator/base/text.h"
#include "tests/fuzz/fuzz.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

FUZZ(std::string_view input) {
  for (const std::string_view line : split(input, '\n')) {
    const auto metric = signals::parseMetricLine(line);
    if (!metric) continue;
    require(!metric->name.empty(), "a sample has a name");
    require(metric->name == signals::metricName(line), "both readers see the same name");
  }
  const std::size_t half = input.size() / 2;
  const auto before = signals::parsePressure(input.substr(0, half));
  const auto now = signals::parsePressure(input);
  if (!now.ok()) return;
  (void)signals::pressureBetween(before.ok() ? *before : signals::PressureCounters{}, *now);
  require(now->discarded.size() + now->refused.size() < 1'000, "keys are limited in number");
}
