#include "webhooks/agents/scrape/buffer.h"

#include <thread>

#include <gmock/gmock.h>

namespace profiling::scrape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

Outgoing profile(std::string bytes) {
  return {"memory", std::move(bytes)};
}

std::vector<std::string> all(Buffer& buffer) {
  std::vector<std::string> out;
  while (auto taken = buffer.take()) out.push_back(taken->pprof);
  return out;
}

TEST(Buffer, DropsTheOldestFirst) {
  Buffer b({.bytes = 10, .count = 3});
  for (const char* text : {"1111", "2222", "3333"}) b.put(profile(text));
  EXPECT_EQ(b.dropped(), 1u);
  for (const char* text : {"a", "b"}) b.put(profile(text));
  EXPECT_EQ(b.dropped(), 2u);
  EXPECT_THAT(all(b), ElementsAre("3333", "a", "b"));
}

TEST(Buffer, DropsAProfileLargerThanTheBuffer) {
  Buffer b({.bytes = 3, .count = 3});
  b.put(profile("12345"));
  EXPECT_EQ(b.size(), 0u);
  EXPECT_EQ(b.dropped(), 1u);
}

TEST(Buffer, RestoresTheOldest) {
  Buffer b({.bytes = 100, .count = 3});
  for (const char* text : {"1", "2", "3"}) b.put(profile(text));
  b.restore(*b.take());
  EXPECT_THAT(all(b), ElementsAre("1", "2", "3"));
  b.put(profile("x"));
  auto taken = b.take();
  for (const char* text : {"1", "2", "3"}) b.put(profile(text));
  b.restore(*std::move(taken));
  EXPECT_THAT(all(b), ElementsAre("1", "2", "3")) << "the oldest gave way";
}

TEST(Buffer, WaitsForNewsOrTheEnd) {
  Buffer b({});
  std::jthread other([&] { b.put(profile("news")); });
  EXPECT_TRUE(b.wait(std::chrono::steady_clock::now() + 60s));
  EXPECT_THAT(all(b), ElementsAre("news"));
  std::jthread end([&] { b.close(); });
  EXPECT_FALSE(b.wait(std::chrono::steady_clock::now() + 60s));
  EXPECT_TRUE(b.closed());
}

}  // namespace
}  // namespace profiling::scrape
