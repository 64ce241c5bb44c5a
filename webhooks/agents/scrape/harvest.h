// Turns the body of an application's answer into the profile to send. Pure.
#pragma once

#include <string>

#include "operator/base/clock.h"
#include "operator/base/status.h"
#include "webhooks/agents/scrape/kinds.h"
#include "webhooks/agents/scrape/memory.h"

namespace profiling::scrape {

// What is known of a profile from the scrape before. One for each endpoint, owned by the thread that
// scrapes it.
struct Baseline {
  Totals totals;       // of a cumulative profile
  SteadyTime taken{};  // 0: never, or of another process
  Continuity continuity = Continuity::kFirst;
  // A CPU profile covers nearly all of an interval, and stands for the time since the one before,
  // this long at most: its values grow by as much. 0: values stay.
  std::chrono::nanoseconds stands_for{0};
};

struct Harvest {
  std::string pprof;  // gzipped; empty if there is nothing to send
  Continuity continuity = Continuity::kContinued;
};

// When a cumulative profile shows another process, its totals are what happened since: they are sent.
// But not twice in succession, because an endpoint with several processes behind it looks the same.
//
// kInvalidArgument if the body is not a profile, kTooLarge if it exceeds the bounds; the baseline then
// stays as it was.
Result<Harvest> harvest(Kind kind, const Wanted& wanted, std::string body, SteadyTime now,
                        Baseline& baseline, const ProfileBounds& bounds = {});

}  // namespace profiling::scrape
