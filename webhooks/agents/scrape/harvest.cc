#include "webhooks/agents/scrape/harvest.h"

#include <algorithm>

#include "webhooks/agents/scrape/pprof/gzip.h"

namespace profiling::scrape {
namespace {

std::int64_t nanosBetween(SteadyTime from, SteadyTime to) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count();
}

// Passes a profile on that needs no change, without rewriting it.
std::string asItCame(const ProfileView& profile, std::string packed) {
  if (profile.samples.empty()) return {};
  if (packed.empty()) return gzip(profile.bytes);
  return packed;
}

// None is asked for less than a second. A profile that says so counts in another unit.
constexpr std::int64_t kLeastCovered = 100'000'000;

// What the values of a CPU profile have to be multiplied with.
double scaleOf(const ProfileView& profile, const Baseline& baseline, std::int64_t elapsed) {
  const std::int64_t covered = durationOf(profile);
  if (baseline.taken == SteadyTime{} || covered < kLeastCovered) return 1;
  const std::int64_t stands = std::min<std::int64_t>(elapsed, baseline.stands_for.count());
  return stands <= covered ? 1 : static_cast<double>(stands) / static_cast<double>(covered);
}

}  // namespace

Result<Harvest> harvest(Kind kind, const Wanted& wanted, std::string body, SteadyTime now,
                        Baseline& baseline, const ProfileBounds& bounds) {
  std::string packed, bytes;
  if (isGzip(body)) {
    auto unpacked = gunzip(body, bounds.unpacked);
    if (!unpacked.ok()) return unpacked.status();
    bytes = *std::move(unpacked);
    packed = std::move(body);
  } else {
    if (body.size() > bounds.unpacked)
      return Status(Code::kTooLarge, "a profile of " + std::to_string(body.size()) + " bytes");
    bytes = std::move(body);
  }
  const auto profile = parseProfile(bytes, bounds.entries);
  if (!profile.ok()) return profile.status();

  Rewriting how;
  how.columns = columnsOf(kind, profile->sample_types, wanted);
  std::vector<std::size_t> cumulative;
  bool all_kept = true;
  for (std::size_t i = 0; i < how.columns.size(); ++i) {
    if (how.columns[i].cumulative) cumulative.push_back(i);
    all_kept = all_kept && how.columns[i].keep;
  }
  Harvest result;
  const std::int64_t elapsed = nanosBetween(baseline.taken, now);
  if (kind == Kind::kCpu) {
    how.scale = scaleOf(*profile, baseline, elapsed);
    if (how.scale > 1) how.duration_nanos = std::min(elapsed, baseline.stands_for.count());
    baseline.taken = now;
  }
  if (cumulative.empty() && all_kept && how.scale == 1) {
    result.pprof = asItCame(*profile, std::move(packed));
    return result;
  }
  packed = {};

  how.keys = stackKeys(*profile);
  Totals totals = totalsOf(*profile, cumulative, how.keys);
  Difference change;
  if (!cumulative.empty()) {
    change = difference(baseline.totals, totals);
    result.continuity = change.continuity;
    if (change.continuity == Continuity::kReset && baseline.continuity != Continuity::kReset) {
      change.values = totals.values;
    }
    baseline.continuity = change.continuity;
  }
  how.totals = &totals;
  how.change = &change;
  if (!change.values.empty()) how.duration_nanos = std::max<std::int64_t>(elapsed, 1);
  const std::string rewritten = rewrite(*profile, how);
  if (!rewritten.empty()) result.pprof = gzip(rewritten);
  baseline.totals = std::move(totals);
  baseline.taken = now;
  return result;
}

}  // namespace profiling::scrape
