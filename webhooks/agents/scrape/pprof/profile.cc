#include "webhooks/agents/scrape/pprof/profile.h"

#include <algorithm>
#include <string>

#include "webhooks/agents/scrape/pprof/wire.h"

namespace profiling::scrape {
namespace {

Status invalid(std::string_view what) {
  return {Code::kInvalidArgument, "not a profile: " + std::string(what)};
}

struct TypeIndexes {
  std::uint64_t type = 0, unit = 0;
};

bool readType(std::string_view message, TypeIndexes& out) {
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (f.number == 1) out.type = f.value;
    if (f.number == 2) out.unit = f.value;
  }
  return reader.ok();
}

// The id of a location or function, whose field number is 1 in both.
bool readId(std::string_view message, std::uint64_t& id) {
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (f.number == field::kLocationId && !f.is_bytes) id = f.value;
  }
  return reader.ok() && id != 0;
}

bool sortById(std::vector<Entry>& table) {
  const auto before = [](const Entry& a, const Entry& b) { return a.id < b.id; };
  if (!std::is_sorted(table.begin(), table.end(), before)) {
    std::sort(table.begin(), table.end(), before);
  }
  return std::adjacent_find(table.begin(), table.end(), [](const Entry& a, const Entry& b) {
           return a.id == b.id;
         }) == table.end();
}

bool validSample(const ProfileView& profile, std::string_view message) {
  std::size_t values = 0;
  bool known = true;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (f.number == field::kSampleLocation) {
      known = forEachNumber(f,
                            [&](std::uint64_t id) {
                              known = known && indexOf(profile.locations, id) != kNowhere;
                            }) &&
              known;
    } else if (f.number == field::kSampleValue) {
      known = forEachNumber(f, [&](std::uint64_t) { ++values; }) && known;
    } else if (f.number == field::kSampleLabel && f.is_bytes) {
      WireReader label(f.bytes);
      for (WireField l; label.next(l);) {
        const bool text = l.number == field::kLabelKey || l.number == field::kLabelText ||
                          l.number == field::kLabelUnit;
        known = known && (!text || l.value < profile.strings.size());
      }
      known = known && label.ok();
    }
  }
  return reader.ok() && known && values == profile.sample_types.size();
}

bool validLocation(const ProfileView& profile, std::string_view message) {
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (f.number != field::kLocationLine || !f.is_bytes) continue;
    WireReader line(f.bytes);
    for (WireField l; line.next(l);) {
      if (l.number == field::kLineFunction && l.value != 0 &&
          indexOf(profile.functions, l.value) == kNowhere) {
        return false;
      }
    }
    if (!line.ok()) return false;
  }
  return true;
}

bool validFunction(const ProfileView& profile, std::string_view message) {
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    const bool text = f.number >= field::kFunctionName && f.number <= field::kFunctionFile;
    if (text && f.value >= profile.strings.size()) return false;
  }
  return true;
}

}  // namespace

std::int64_t durationOf(const ProfileView& profile) {
  std::int64_t duration = 0;
  WireReader reader(profile.bytes);
  for (WireField f; reader.next(f);) {
    if (f.number == field::kDurationNanos && !f.is_bytes) {
      duration = static_cast<std::int64_t>(f.value);
    }
  }
  return duration;
}

std::size_t indexOf(const std::vector<Entry>& table, std::uint64_t id) {
  // Ids mostly count from one, so the place is known without a search.
  if (id != 0 && id <= table.size() && table[id - 1].id == id) return id - 1;
  const auto at = std::lower_bound(table.begin(), table.end(), id,
                                   [](const Entry& e, std::uint64_t key) { return e.id < key; });
  return at != table.end() && at->id == id ? static_cast<std::size_t>(at - table.begin())
                                           : kNowhere;
}

Result<ProfileView> parseProfile(std::string_view bytes, std::size_t max_entries) {
  ProfileView profile;
  profile.bytes = bytes;
  std::vector<TypeIndexes> types;
  std::size_t entries = 0;
  WireReader reader(bytes);
  for (WireField f; reader.next(f);) {
    if (!f.is_bytes) continue;
    bool fits = ++entries <= max_entries;
    if (f.number == field::kSampleType) {
      if (!readType(f.bytes, types.emplace_back())) return invalid("a sample type is broken");
      fits = fits && types.size() <= 64;
    } else if (f.number == field::kSample) {
      profile.samples.push_back(f.bytes);
    } else if (f.number == field::kLocation || f.number == field::kFunction) {
      auto& table = f.number == field::kLocation ? profile.locations : profile.functions;
      table.push_back({0, f.bytes});
      if (!readId(f.bytes, table.back().id)) return invalid("a location or function is broken");
    } else if (f.number == field::kString) {
      profile.strings.push_back(f.bytes);
    }
    if (!fits) return Status(Code::kTooLarge, "a profile with too many entries");
  }
  if (!reader.ok()) return invalid("the bytes are not a protobuf message");
  if (types.empty()) return invalid("it has no sample types");
  if (profile.strings.empty() || !profile.strings[0].empty()) {
    return invalid("its strings do not begin with the empty one");
  }
  for (const TypeIndexes& t : types) {
    if (t.type >= profile.strings.size() || t.unit >= profile.strings.size()) {
      return invalid("a sample type has no name");
    }
    profile.sample_types.push_back({profile.strings[t.type], profile.strings[t.unit]});
  }
  if (!sortById(profile.locations) || !sortById(profile.functions)) {
    return invalid("an id is used twice");
  }
  const auto all = [&](const auto& table, auto valid) {
    return std::all_of(table.begin(), table.end(), valid);
  };
  if (!all(profile.functions, [&](const Entry& e) { return validFunction(profile, e.message); }) ||
      !all(profile.locations, [&](const Entry& e) { return validLocation(profile, e.message); }) ||
      !all(profile.samples, [&](std::string_view s) { return validSample(profile, s); })) {
    return invalid("a sample, location or function has a dangling reference");
  }
  return profile;
}

}  // namespace profiling::scrape
