#include "webhooks/agents/scrape/pprof/delta.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "webhooks/agents/scrape/pprof/wire.h"

namespace profiling::scrape {
namespace {

std::uint64_t mixed(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93u;
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93u;
  return x ^ x >> 32;
}

std::uint64_t combined(std::uint64_t hash, std::uint64_t value) {
  return mixed(hash * 0x9E3779B97F4A7C15u + value + 1);
}

std::uint64_t hashOf(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return mixed(hash);
}

std::uint64_t functionHash(const ProfileView& profile, const Entry& function) {
  std::uint64_t name = 0;
  WireReader reader(function.message);
  for (WireField f; reader.next(f);) {
    if (f.number == field::kFunctionName) name = f.value;
  }
  return hashOf(profile.strings[name]);
}

std::uint64_t locationHash(const ProfileView& profile, const Entry& location,
                           const std::vector<std::uint64_t>& functions) {
  std::uint64_t hash = 1;
  WireReader reader(location.message);
  for (WireField f; reader.next(f);) {
    if (f.number == field::kLocationAddress) hash = combined(hash, f.value);
    if (f.number != field::kLocationLine) continue;
    WireReader line(f.bytes);
    for (WireField l; line.next(l);) {
      if (l.number == field::kLineFunction && l.value != 0) {
        hash = combined(hash, functions[indexOf(profile.functions, l.value)]);
      } else if (l.number == field::kLineNumber) {
        hash = combined(hash, l.value);
      }
    }
  }
  return hash;
}

std::uint64_t labelHash(const ProfileView& profile, std::string_view label) {
  std::uint64_t hash = 2;
  WireReader reader(label);
  for (WireField f; reader.next(f);) {
    const bool number = f.number == field::kLabelNumber || f.number > field::kLabelUnit;
    hash = combined(hash, f.number);
    hash = combined(hash, number ? f.value : hashOf(profile.strings[f.value]));
  }
  return hash;
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  if (!__builtin_add_overflow(a, b, &out)) return out;
  return a < 0 ? std::numeric_limits<std::int64_t>::min()
               : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

std::vector<std::uint64_t> stackKeys(const ProfileView& profile) {
  std::vector<std::uint64_t> functions, locations, keys;
  functions.reserve(profile.functions.size());
  for (const Entry& f : profile.functions) functions.push_back(functionHash(profile, f));
  locations.reserve(profile.locations.size());
  for (const Entry& l : profile.locations) {
    locations.push_back(locationHash(profile, l, functions));
  }
  keys.reserve(profile.samples.size());
  for (const std::string_view sample : profile.samples) {
    std::uint64_t key = 3;
    WireReader reader(sample);
    for (WireField f; reader.next(f);) {
      if (f.number == field::kSampleLocation) {
        forEachNumber(f, [&](std::uint64_t id) {
          key = combined(key, locations[indexOf(profile.locations, id)]);
        });
      } else if (f.number == field::kSampleLabel) {
        key = combined(key, labelHash(profile, f.bytes));
      }
    }
    keys.push_back(key);
  }
  return keys;
}

Totals totalsOf(const ProfileView& profile, const std::vector<std::size_t>& columns,
                const std::vector<std::uint64_t>& keys) {
  std::vector<std::uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
  Totals totals;
  totals.width = columns.size();
  totals.keys.reserve(keys.size());
  totals.values.reserve(keys.size() * columns.size());
  std::vector<std::int64_t> row;
  for (const std::uint32_t i : order) {
    if (totals.keys.empty() || totals.keys.back() != keys[i]) {
      totals.keys.push_back(keys[i]);
      totals.values.resize(totals.values.size() + columns.size(), 0);
    }
    row.clear();
    WireReader reader(profile.samples[i]);
    for (WireField f; reader.next(f);) {
      if (f.number != field::kSampleValue) continue;
      forEachNumber(f, [&](std::uint64_t v) { row.push_back(static_cast<std::int64_t>(v)); });
    }
    std::int64_t* out = totals.values.data() + totals.values.size() - columns.size();
    for (std::size_t c = 0; c < columns.size(); ++c) out[c] = sum(out[c], row[columns[c]]);
  }
  return totals;
}

Difference difference(const Totals& before, const Totals& now) {
  Difference result;
  if (before.keys.empty() || before.width != now.width) return result;
  const std::size_t width = now.width;
  result.continuity = Continuity::kReset;
  std::vector<std::int64_t> values = now.values;
  std::size_t n = 0;
  for (std::size_t b = 0; b < before.keys.size(); ++b) {
    while (n < now.keys.size() && now.keys[n] < before.keys[b]) ++n;
    const bool there = n < now.keys.size() && now.keys[n] == before.keys[b];
    for (std::size_t c = 0; c < width; ++c) {
      const std::int64_t old = before.values[b * width + c];
      const std::int64_t current = there ? now.values[n * width + c] : 0;
      if (old < 0 || current < old) return result;
      if (there) values[n * width + c] = current - old;
    }
  }
  for (const std::int64_t v : values) {
    if (v < 0) return result;
  }
  result.continuity = Continuity::kContinued;
  result.values = std::move(values);
  return result;
}

}  // namespace profiling::scrape
