// Whatever an application answers, reading it ends, stays inside its bytes (under the sanitizers),
// and gives a profile that can be read or an error. Inputs come from a seed.
#include <random>

#include <gmock/gmock.h>

#include "tests/unit/webhooks/agents/scrape/profile_builder.h"
#include "webhooks/agents/scrape/harvest.h"
#include "webhooks/agents/scrape/pprof/gzip.h"

namespace profiling::scrape {
namespace {

std::string profile() {
  ProfileBuilder b(
      {"alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"});
  for (int i = 0; i < 6; ++i) {
    b.sample({"f" + std::to_string(i), "g", "main"}, {i, i * 64, 1, 64}, 64);
  }
  return b.bytes();
}

// Every outcome is fine but a profile that cannot be read back.
bool survives(const std::string& body, Baseline& baseline) {
  bool read = false;
  for (const Kind kind : {Kind::kMemory, Kind::kMutex, Kind::kCpu}) {
    const auto result = harvest(kind, {}, body, SteadyTime{} + std::chrono::seconds(1), baseline);
    if (!result.ok() || result->pprof.empty()) continue;
    const auto bytes = gunzip(result->pprof, ProfileBounds{}.unpacked);
    EXPECT_TRUE(bytes.ok());
    EXPECT_TRUE(parseProfile(*bytes).ok()) << "what is sent must be a profile";
    read = true;
  }
  return read;
}

TEST(Garbage, EveryPrefixOfAProfile) {
  const std::string whole = profile();
  Baseline baseline;
  for (std::size_t n = 0; n <= whole.size(); ++n) survives(whole.substr(0, n), baseline);
}

TEST(Garbage, EveryByteChanged) {
  const std::string whole = profile();
  Baseline baseline;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    for (const int change : {1, 8, 128}) {
      std::string body = whole;
      body[n] = static_cast<char>(body[n] ^ change);
      survives(body, baseline);
    }
  }
}

TEST(Garbage, RandomEdits) {
  std::mt19937 random(20261126);
  const std::string whole = profile();
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  Baseline baseline;
  int read = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string body = whole;
    for (std::size_t edits = 1 + below(4); edits > 0 && !body.empty(); --edits) {
      const std::size_t at = below(body.size());
      switch (below(4)) {
        case 0:
          body[at] = static_cast<char>(below(256));
          break;
        case 1:
          body.erase(at, 1 + below(8));
          break;
        case 2:
          body.insert(at, whole.substr(below(whole.size()), 1 + below(16)));
          break;
        default:
          body.insert(at, 1, static_cast<char>(below(256)));
      }
    }
    read += survives(body, baseline) ? 1 : 0;
  }
  EXPECT_GT(read, 5) << "the edits must leave some profiles whole, or nothing deep is reached";
}

TEST(Garbage, PackedGarbage) {
  std::mt19937 random(7);
  const std::string whole = gzip(profile());
  Baseline baseline;
  for (int round = 0; round < 500; ++round) {
    std::string body = whole;
    body[random() % body.size()] = static_cast<char>(random());
    survives(body, baseline);
  }
}

TEST(Garbage, TooManyEntriesAreRefusedEarly) {
  std::string strings;
  for (std::size_t i = 0; i <= kMaxEntries; ++i) strings += std::string("\x32\x00", 2);
  EXPECT_EQ(parseProfile(strings).status().code(), Code::kTooLarge);
}

}  // namespace
}  // namespace profiling::scrape
