// Turns the body of an application's answer into the profile to send. Pure.
#pragma once

#include <string>

#include "operator/base/clock.h"
#include "operator/base/status.h"
#include "webhooks/agents/scrape/kinds.h"
#include "webhooks/agents/scrape/memory.h"

namespace profiling::scrape {

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

// kInvalidArgument if the body is not a profile, kTooLarge if it exceeds the bounds; the baseline then
// stays as it was.
Result<Harvest> harvest(Kind kind, const Wanted& wanted, std::string body, SteadyTime now,
                        Baseline& baseline, const ProfileBounds& bounds = {});

}  // namespace profiling::scrape
