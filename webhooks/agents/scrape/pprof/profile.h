// An unpacked pprof profile, taken apart but not copied: every view points into the bytes that were
// parsed, which must outlive it. Pure; one thread at a time.
//
// Any bytes are safe to parse. A parsed profile has the invariants that this folder relies on:
// string indexes are in range, ids of locations and functions are known and unique, and each sample
// has one value for each sample type. Source of the format:
// github.com/google/pprof/blob/main/proto/profile.proto.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "operator/base/status.h"

namespace profiling::scrape {

struct ValueType {
  std::string_view type;  // "alloc_space"
  std::string_view unit;  // "bytes"
};

// An entry of a table that is looked up by id.
struct Entry {
  std::uint64_t id = 0;
  std::string_view message;
};

struct ProfileView {
  std::string_view bytes;
  std::vector<ValueType> sample_types;
  std::vector<std::string_view> samples;  // messages, in the profile's order
  std::vector<Entry> locations;           // by id
  std::vector<Entry> functions;           // by id
  std::vector<std::string_view> strings;
};

// kInvalidArgument if it is not a profile, kTooLarge if its tables together have more entries.
inline constexpr std::size_t kMaxEntries = 400'000;
Result<ProfileView> parseProfile(std::string_view bytes, std::size_t max_entries = kMaxEntries);

// The time that the profile covers, in nanoseconds; 0 if it does not say.
std::int64_t durationOf(const ProfileView& profile);

// Index in a table sorted by id, or npos.
inline constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
std::size_t indexOf(const std::vector<Entry>& table, std::uint64_t id);

// Field numbers of the messages, for readers and writers.
namespace field {
inline constexpr std::uint32_t kSampleType = 1, kSample = 2, kMapping = 3, kLocation = 4,
                               kFunction = 5, kString = 6, kDurationNanos = 10;
inline constexpr std::uint32_t kSampleLocation = 1, kSampleValue = 2, kSampleLabel = 3;
inline constexpr std::uint32_t kLabelKey = 1, kLabelText = 2, kLabelNumber = 3, kLabelUnit = 4;
inline constexpr std::uint32_t kLocationId = 1, kLocationAddress = 3, kLocationLine = 4;
inline constexpr std::uint32_t kLineFunction = 1, kLineNumber = 2;
inline constexpr std::uint32_t kFunctionId = 1, kFunctionName = 2, kFunctionSystemName = 3,
                               kFunctionFile = 4;
}  // namespace field

}  // namespace profiling::scrape
