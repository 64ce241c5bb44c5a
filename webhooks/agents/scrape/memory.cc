#include "webhooks/agents/scrape/memory.h"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace profiling::scrape {
namespace {

// The program with its TLS roots, the buffer of profiles to be sent, and stacks.
constexpr std::uint64_t kReserve = 10 * 1024 * 1024;
// The profile, its tables, the differences of four kinds, and what is sent: measured by
// tests/unit/webhooks/agents/scrape/memory_test.cc.
constexpr std::uint64_t kPeakPerByte = 9;
constexpr std::size_t kBytesPerEntry = 32;
constexpr std::size_t kLeast = 256 * 1024;

// Nothing for "max", and for what version 1 writes when there is no limit.
std::optional<std::uint64_t> numberIn(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  if (!(file >> text)) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || number > std::uint64_t{1} << 50) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::uint64_t> memoryLimit(const std::string& root) {
  std::optional<std::uint64_t> least;
  for (const char* file : {"/memory.max", "/memory.high", "/memory/memory.limit_in_bytes"}) {
    const auto number = numberIn(root + file);
    if (number && (!least || *number < *least)) least = number;
  }
  return least;
}

ProfileBounds boundsFor(std::optional<std::uint64_t> limit) {
  ProfileBounds bounds;
  if (!limit) return bounds;
  const std::uint64_t free = *limit > kReserve ? *limit - kReserve : 0;
  const auto fits =
      static_cast<std::size_t>(std::min<std::uint64_t>(free / kPeakPerByte, bounds.unpacked));
  bounds.unpacked = std::max(fits, kLeast);
  bounds.body = std::min(bounds.body, bounds.unpacked);
  bounds.entries = std::min(bounds.entries, bounds.unpacked / kBytesPerEntry);
  return bounds;
}

}  // namespace profiling::scrape
