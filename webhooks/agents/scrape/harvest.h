// Turns the body of an application's answer into the profile to send. Pure.
#pragma once

#include <string>

#include "operator/base/clock.h"
#include "operator/base/status.h"
#include "webhooks/agents/scrape/kinds.h"

namespace profiling::scrape {

// Bounds for an application's answer, so that it cannot inflate the sidecar's memory: a
// busy Go service's heap profile is 100 to 300 KB, 1 to 3 MB unpacked.
inline constexpr std::size_t kMaxBody = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxUnpacked = 16 * 1024 * 1024;

// The state of a cumulative profile between two scrapes. One for each endpoint, owned by the thread
// that scrapes it.
struct Baseline {
  Totals totals;
  SteadyTime taken{};
};

struct Harvest {
  std::string pprof;  // gzipped; empty if there is nothing to send
  Continuity continuity = Continuity::kContinued;
};

// kInvalidArgument or kTooLarge if the body is not a profile; the baseline then stays as it was.
Result<Harvest> harvest(Kind kind, const Wanted& wanted, std::string body, SteadyTime now,
                        Baseline& baseline);

}  // namespace profiling::scrape
