#include "controllers/signals/overhead.h"

#include <thread>

#include <gtest/gtest.h>

namespace profiling::signals {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Time kStart = Time(seconds(1'785'585'600));

PodUsage usage(const std::string& name, Time at, std::int64_t cpu, std::int64_t memory = 0) {
  return {name, cpu, memory, at};
}

TEST(OverheadSampler, ReturnsTheMeanSinceATime) {
  OverheadSampler sampler;
  for (int i = 0; i < 4; ++i) {
    const Time at = kStart + seconds(15 * i);
    sampler.add("shop", {usage("web-1", at, 100 * (i + 1), 1000 * (i + 1))}, at);
  }
  const auto mean = sampler.mean("shop", "web-1", kStart + seconds(15));
  ASSERT_TRUE(mean.has_value());
  EXPECT_EQ(mean->samples, 2);
  EXPECT_EQ(mean->cpu_milli, 350);
  EXPECT_EQ(mean->memory_bytes, 3500);
  EXPECT_FALSE(sampler.mean("shop", "web-1", kStart + minutes(1)).has_value()) << "no sample since";
  EXPECT_FALSE(sampler.mean("shop", "web-2", kStart).has_value());
  EXPECT_FALSE(sampler.mean("other", "web-1", kStart).has_value());
}

TEST(OverheadSampler, ARepeatedSampleCountsOnce) {
  OverheadSampler sampler;
  const Time before = kStart - seconds(1);
  sampler.add("shop", {usage("web-1", kStart, 100)}, kStart);
  sampler.add("shop", {usage("web-1", kStart, 900)}, kStart + seconds(5));
  sampler.add("shop", {usage("web-1", before, 900)}, kStart + seconds(5));
  sampler.add("shop", {usage("web-1", kStart + minutes(5), 900)}, kStart + seconds(6));
  const auto mean = sampler.mean("shop", "web-1", kStart - minutes(1));
  ASSERT_TRUE(mean.has_value());
  EXPECT_EQ(mean->samples, 1);
  EXPECT_EQ(mean->cpu_milli, 100);
}

TEST(OverheadSampler, KeepsTheLastSamplesOnly) {
  OverheadSampler sampler;
  const int total = static_cast<int>(OverheadSampler::kSamples) + 10;
  for (int i = 1; i <= total; ++i) {
    const Time at = kStart + seconds(15 * i);
    sampler.add("shop", {usage("web-1", at, i <= 10 ? 1'000'000 : 7)}, at);
  }
  const auto mean = sampler.mean("shop", "web-1", kStart);
  ASSERT_TRUE(mean.has_value());
  EXPECT_EQ(mean->samples, static_cast<std::int64_t>(OverheadSampler::kSamples));
  EXPECT_EQ(mean->cpu_milli, 7);
}

TEST(OverheadSampler, ForgetsPodsAndNamespacesThatAreGone) {
  OverheadSampler sampler;
  sampler.add("shop", {usage("web-1", kStart, 1), usage("web-2", kStart, 1)}, kStart);
  sampler.add("bank", {usage("api-1", kStart, 1)}, kStart);
  EXPECT_EQ(sampler.pods(), 3u);
  const Time soon = kStart + minutes(5);
  sampler.add("shop", {usage("web-2", soon, 1)}, soon);
  EXPECT_EQ(sampler.pods(), 3u) << "a list may leave a pod out for a moment";
  const Time later = kStart + minutes(11);
  sampler.add("shop", {usage("web-2", later, 1)}, later);
  EXPECT_EQ(sampler.pods(), 1u);
  EXPECT_TRUE(sampler.mean("shop", "web-2", kStart).has_value());
}

TEST(OverheadSampler, ManyThreadsMayUseIt) {
  OverheadSampler sampler;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&sampler, t] {
      const std::string namespace_ = "ns-" + std::to_string(t % 2);
      for (int i = 0; i < 200; ++i) {
        const Time at = kStart + seconds(i);
        sampler.add(namespace_, {usage("p", at, 5)}, at);
        (void)sampler.mean(namespace_, "p", kStart);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sampler.mean("ns-0", "p", kStart)->cpu_milli, 5);
}

}  // namespace
}  // namespace profiling::signals
