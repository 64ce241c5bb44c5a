// The memory that profiles take, by the bytes that are allocated at once.
#include "webhooks/agents/scrape/memory.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <malloc.h>
#include <new>

#include <gtest/gtest.h>

#include "webhooks/agents/scrape/harvest.h"
#include "webhooks/agents/scrape/pprof/gzip.h"
#include "webhooks/agents/scrape/pprof/wire.h"

namespace {

std::atomic<std::size_t> g_now{0}, g_peak{0};

void counted(void* block) {
  const std::size_t now = g_now += ::malloc_usable_size(block);
  for (std::size_t peak = g_peak; now > peak && !g_peak.compare_exchange_weak(peak, now);) {
  }
}

}  // namespace

void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  counted(block);
  return block;
}
void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  g_now -= ::malloc_usable_size(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}

namespace profiling::scrape {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;
// The process itself, which the heap does not show: program, stacks and libraries' memory.
constexpr std::size_t kProgram = 6 * kMiB;

// What a hostile application can answer within the bounds: as many samples, strings or bytes.
std::string filled(const ProfileBounds& bounds, std::size_t bytes_each, bool samples) {
  std::string types, out, strings;
  for (const char* text : {"", "alloc_objects", "count", "alloc_space", "inuse_objects", "x"}) {
    appendBytes(strings, field::kString, text);
  }
  for (const std::uint64_t type : {1, 3, 4, 5}) {
    std::string message;
    appendNumber(message, 1, type);
    appendNumber(message, 2, 2);
    appendBytes(out, field::kSampleType, message);
  }
  std::string location;
  appendNumber(location, field::kLocationId, 1);
  appendBytes(out, field::kLocation, location);
  std::uint64_t number = 1;
  for (std::size_t entries = 16; entries < bounds.entries; ++entries) {
    std::string message;
    if (samples) {
      // Another label for each, so that no two are the same stack.
      for (int i = 0; i < 4; ++i) appendNumber(message, field::kSampleValue, ++number);
      std::string label;
      appendNumber(label, field::kLabelKey, 1);
      appendNumber(label, field::kLabelNumber, number);
      appendNumber(message, field::kSampleLocation, 1);
      appendBytes(message, field::kSampleLabel, label);
    }
    while (message.size() < bytes_each) {
      if (samples) {
        appendNumber(message, 15, 1);  // a field that nobody knows
      } else {
        message += static_cast<char>('a' + number++ % 26);
      }
    }
    if (out.size() + strings.size() + message.size() + 8 > bounds.unpacked) break;
    appendBytes(samples ? out : strings, samples ? field::kSample : field::kString, message);
  }
  return out + strings;
}

struct Answer {
  std::size_t bytes_each;
  bool samples;
};

TEST(Memory, WhateverFitsTheBoundsFitsTheLimit) {
  const std::size_t limit = 32 * kMiB;  // the sidecar's own
  const ProfileBounds bounds = boundsFor(limit);
  const Wanted all{true, true, true, true, true};
  for (const Answer& answer :
       {Answer{0, true}, Answer{40, true}, Answer{0, false}, Answer{64, false}}) {
    const std::string packed = gzip(filled(bounds, answer.bytes_each, answer.samples));
    const std::size_t before = g_now;
    g_peak = before;
    std::array<Baseline, 3> baselines;  // of memory, block and mutex
    for (const std::size_t next : {0, 1, 2, 2}) {
      const auto taken =
          harvest(Kind::kMemory, all, packed, SteadyTime{} + Millis(1), baselines.at(next), bounds);
      ASSERT_TRUE(taken.ok()) << taken.status().toString();
    }
    const std::size_t took = g_peak - before;
    // The other scraper may be reading a body, and the buffer may be full.
    EXPECT_LE(took + bounds.body + 2 * kMiB + kProgram, limit)
        << answer.bytes_each << (answer.samples ? " bytes a sample" : " bytes a string");
    RecordProperty(std::to_string(answer.bytes_each) + (answer.samples ? "samples" : "strings"),
                   std::to_string(took));
  }
}

TEST(Memory, LimitsOfBothVersionsAreRead) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / "groups";
  fs::remove_all(root);
  fs::create_directories(root / "memory");
  const auto write = [&](const char* name, const char* text) {
    std::ofstream(root / name) << text;
  };
  EXPECT_EQ(memoryLimit(root), std::nullopt) << "there is no group";
  write("memory.max", "max\n");
  EXPECT_EQ(memoryLimit(root), std::nullopt);
  write("memory.max", "33554432\n");
  EXPECT_EQ(memoryLimit(root), 33554432u);
  write("memory.high", "16777216\n");
  EXPECT_EQ(memoryLimit(root), 16777216u);
  fs::remove(root / "memory.max");
  fs::remove(root / "memory.high");
  write("memory/memory.limit_in_bytes", "67108864\n");
  EXPECT_EQ(memoryLimit(root), 67108864u);
  write("memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(memoryLimit(root), std::nullopt) << "what version 1 writes without a limit";
  write("memory.max", "none");
  EXPECT_EQ(memoryLimit(root), std::nullopt);
}

TEST(Memory, BoundsGrowWithTheLimitUpToTheDefaults) {
  const ProfileBounds none = boundsFor(std::nullopt), small = boundsFor(1),
                      usual = boundsFor(32 * kMiB);
  EXPECT_EQ(boundsFor(std::uint64_t{4} << 30).unpacked, none.unpacked);
  EXPECT_EQ(small.unpacked, 256u * 1024) << "never nothing";
  EXPECT_GT(usual.unpacked, 2 * kMiB) << "a busy service's profile fits the sidecar's usual limit";
  EXPECT_LT(usual.unpacked, none.unpacked);
  Baseline baseline;
  const auto refused =
      harvest(Kind::kCpu, {}, gzip(std::string(usual.unpacked + 1, 'x')), {}, baseline, usual);
  EXPECT_EQ(refused.status().code(), Code::kTooLarge);
  const auto plain =
      harvest(Kind::kCpu, {}, std::string(usual.unpacked + 1, 'x'), {}, baseline, usual);
  EXPECT_EQ(plain.status().code(), Code::kTooLarge);
}

}  // namespace
}  // namespace profiling::scrape
