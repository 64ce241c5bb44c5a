// From the body that an application answered to the profile that is sent. Pure.
#pragma once

#include <string>

#include "operator/base/clock.h"
#include "operator/base/status.h"
#include "webhooks/agents/scrape/kinds.h"

namespace profiling::scrape {

// Bounds of what an application may answer, so that no application can make the sidecar large: a
// busy Go service's heap profile is 100 to 300 KB, 1 to 3 MB unpacked.
inline constexpr std::size_t kMaxBody = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxUnpacked = 16 * 1024 * 1024;

// What is remembered of a cumulative profile between two scrapes. One for each endpoint, owned by
// the thread that scrapes it.
struct Baseline {
  Totals totals;
  SteadyTime taken{};
};

struct Harvest {
  std::string pprof;  // packed; empty when there is nothing to tell
  Continuity continuity = Continuity::kContinued;
};

// kInvalidArgument or kTooLarge for a body that is no profile; the baseline is then as before.
Result<Harvest> harvest(Kind kind, const Wanted& wanted, std::string body, SteadyTime now,
                        Baseline& baseline);

}  // namespace profiling::scrape
