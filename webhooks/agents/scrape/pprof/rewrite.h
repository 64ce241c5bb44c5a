// Rewrites a profile with some of its columns, with differences in place of totals, or with larger
// values. Pure.
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
  std::vector<std::uint64_t> keys;  // one for each sample, from stackKeys()
  const Totals* totals = nullptr;   // for all cumulative columns, kept or not
  const Difference* change = nullptr;
  std::int64_t duration_nanos = 0;  // what the values stand for; 0 keeps the profile's own
  double scale = 1;                 // of columns that are not cumulative
};

// Leaves out samples whose values are all zero, and locations and functions that are then unused;
// unused strings become empty, so that indexes stay valid. Without a baseline, cumulative columns
// are zero. Returns an empty profile if no sample is left.
std::string rewrite(const ProfileView& profile, const Rewriting& how);

}  // namespace profiling::scrape
