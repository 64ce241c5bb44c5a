// Profiles of real programs: Go's as the conformance test keeps them, and the CPU profile of a Rust
// program made with the crate pprof 0.15, which is not packed and has no default sample type.
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "tests/support/source_dir.h"
#include "tests/unit/webhooks/agents/scrape/profile_builder.h"
#include "webhooks/agents/scrape/harvest.h"
#include "webhooks/agents/scrape/pprof/gzip.h"

namespace profiling::scrape {
namespace {

std::string file(const std::string& path) {
  std::ifstream in(test::sourceDir() + "/tests/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string goProfile(const std::string& name) {
  return file("conformance/inputs/" + name + ".pprof.gz");
}

TEST(RealProfiles, UnchangedStacksAreNotSent) {
  for (const auto& [kind, name] : {std::pair(Kind::kBlock, "block"), {Kind::kMutex, "mutex"}}) {
    Baseline baseline;
    const auto first = harvest(kind, {}, goProfile(name), {}, baseline);
    ASSERT_TRUE(first.ok()) << first.status().toString();
    EXPECT_EQ(first->continuity, Continuity::kFirst);
    EXPECT_TRUE(first->pprof.empty());
    const auto second = harvest(kind, {}, goProfile(name), SteadyTime{} + Millis(1), baseline);
    EXPECT_EQ(second->continuity, Continuity::kContinued);
    EXPECT_TRUE(second->pprof.empty());
  }
}

TEST(RealProfiles, InUseMemoryIsAsGoReportedIt) {
  Baseline baseline;
  const ProfileSummary before = summaryOf(*gunzip(goProfile("heap"), ProfileBounds{}.unpacked));
  const auto sent = harvest(Kind::kMemory, {}, goProfile("heap"), {}, baseline);
  ASSERT_TRUE(sent.ok()) << sent.status().toString();
  const ProfileSummary after = summaryOf(*gunzip(sent->pprof, ProfileBounds{}.unpacked));
  EXPECT_EQ(after.types, before.types);
  std::int64_t in_use = 0;
  for (const auto& [stack, values] : before.values) {
    if (values[3] == 0 && values[2] == 0) continue;
    ASSERT_EQ(after.values.count(stack), 1u) << stack;
    EXPECT_EQ(after.values.at(stack)[2], values[2]) << stack;
    EXPECT_EQ(after.values.at(stack)[3], values[3]) << stack;
    EXPECT_EQ(after.values.at(stack)[1], 0) << "the first scrape reports no allocations";
    in_use += values[3];
  }
  EXPECT_GT(in_use, 0);
}

TEST(RealProfiles, CpuOfGoAndRust) {
  Baseline baseline;
  EXPECT_EQ(harvest(Kind::kCpu, {}, goProfile("cpu"), {}, baseline)->pprof, goProfile("cpu"));
  const std::string rust = file("unit/webhooks/agents/scrape/inputs/rust-cpu.pprof");
  const auto sent = harvest(Kind::kCpu, {}, rust, {}, baseline);
  ASSERT_TRUE(sent.ok()) << sent.status().toString();
  EXPECT_EQ(*gunzip(sent->pprof, ProfileBounds{}.unpacked), rust);
  EXPECT_THAT(summaryOf(rust).types, testing::ElementsAre("samples/count", "cpu/nanoseconds"));
}

}  // namespace
}  // namespace profiling::scrape
