// Writes a profile anew with some of its columns, and with differences in place of totals. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "webhooks/agents/scrape/pprof/delta.h"
#include "webhooks/agents/scrape/pprof/profile.h"

namespace profiling::scrape {

struct Column {
  bool keep = true;
  bool cumulative = false;
};

struct Rewriting {
  std::vector<Column> columns;      // one for each sample type
  std::vector<std::uint64_t> keys;  // one for each sample, as stackKeys gives them
  const Totals* totals = nullptr;   // of the cumulative columns, kept ones or not
  const Difference* change = nullptr;
  std::int64_t duration_nanos = 0;  // what the differences cover; 0 leaves the profile's own
};

// Samples whose values are all zero are left out, and with them every location and function that
// nothing else names; strings that nobody needs become empty ones, so indexes stay. Without a
// difference that continues, cumulative columns are zero. Empty when no sample is left.
std::string rewrite(const ProfileView& profile, const Rewriting& how);

}  // namespace profiling::scrape
