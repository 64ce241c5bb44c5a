// The counts of a workload's pods at one moment. Internal to the engine; pure.
#pragma once

#include <string_view>
#include <vector>

#include "controllers/engine/engine.h"

namespace profiling::engine {

// Pods without an agent younger than this may be ones whose label has not been seen yet.
inline constexpr Duration kSettleTime{std::chrono::seconds(30)};

struct Counts {
  std::int64_t total = 0;  // not deleting, may have an agent, not below the partition
  std::int64_t on = 0;     // of those, on the revision
  std::int64_t on_ready = 0;
  std::int64_t deleting = 0;
  std::int64_t ready = 0;  // of all that are not deleting
  std::int64_t live = 0;   // all that are not deleting
  std::int64_t highest_ordinal = -1;
  std::int64_t restarts = 0;
  bool settled() const { return deleting == 0 && ready == live; }
};
Counts countPods(const Pods& pods, std::string_view revision, std::int64_t partition);

// The pods to replace so that more carry `revision`, the best first: those that do not run anyway,
// then those with another revision, then the highest ordinal, then by name.
std::vector<const Pod*> candidates(const Pods& pods, std::string_view revision,
                                   std::int64_t first_ordinal);

}  // namespace profiling::engine
