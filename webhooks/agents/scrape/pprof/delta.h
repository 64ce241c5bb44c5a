// The difference between two scrapes of a cumulative profile. Pure.
//
// Go's heap, block and mutex profiles count from the start of the process and drop no stack, so
// within one process no number ever falls. A number that does, or a missing stack, means another
// process, whose numbers count from its own start.
#pragma once

#include <cstdint>
#include <vector>

#include "webhooks/agents/scrape/pprof/profile.h"

namespace profiling::scrape {

// The sums of the cumulative columns for each stack, by the stack's key. A key is a hash of
// addresses, functions, lines and labels: ids change with each profile, and the text itself would
// take most of our memory.
struct Totals {
  std::size_t width = 0;             // cumulative columns
  std::vector<std::uint64_t> keys;   // sorted, without duplicates
  std::vector<std::int64_t> values;  // width for each key
};

// A key for each sample, in the profile's order.
std::vector<std::uint64_t> stackKeys(const ProfileView& profile);

// `columns` are indexes of sample types; `keys` are from stackKeys().
Totals totalsOf(const ProfileView& profile, const std::vector<std::size_t>& columns,
                const std::vector<std::uint64_t>& keys);

enum class Continuity { kFirst, kContinued, kReset };

struct Difference {
  Continuity continuity = Continuity::kFirst;
  std::vector<std::int64_t> values;  // like now.values; empty unless continued
};

// A `before` without keys or of another width does not count as a scrape.
Difference difference(const Totals& before, const Totals& now);

}  // namespace profiling::scrape
