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

std::vector<std::string> bodies(const std::vector<Outgoing>& profiles) {
  std::vector<std::string> out;
  for (const Outgoing& p : profiles) out.push_back(p.pprof);
  return out;
}

TEST(Buffer, DropsTheOldestFirst) {
  Buffer b({.bytes = 10, .count = 3});
  for (const char* text : {"1111", "2222", "3333"}) b.put(profile(text));
  EXPECT_EQ(b.dropped(), 1u);
  for (const char* text : {"a", "b"}) b.put(profile(text));
  EXPECT_EQ(b.dropped(), 2u);
  EXPECT_THAT(bodies(b.take(9, 99)), ElementsAre("3333", "a", "b"));
}

TEST(Buffer, DropsAProfileLargerThanTheBuffer) {
  Buffer b({.bytes = 3, .count = 3});
  b.put(profile("12345"));
  EXPECT_EQ(b.size(), 0u);
  EXPECT_EQ(b.dropped(), 1u);
}

TEST(Buffer, TakesWhatFitsAndAtLeastOne) {
  Buffer b({});
  for (const char* text : {"1111", "2222", "33"}) b.put(profile(text));
  EXPECT_THAT(bodies(b.take(9, 1)), ElementsAre("1111"));
  EXPECT_THAT(bodies(b.take(9, 6)), ElementsAre("2222", "33"));
}

TEST(Buffer, RestoresInOrder) {
  Buffer b({.bytes = 100, .count = 3});
  for (const char* text : {"1", "2", "3"}) b.put(profile(text));
  auto taken = b.take(2, 99);
  b.restore(std::move(taken));
  EXPECT_THAT(bodies(b.take(9, 99)), ElementsAre("1", "2", "3"));
  b.put(profile("x"));
  taken = b.take(1, 99);
  for (const char* text : {"1", "2", "3"}) b.put(profile(text));
  b.restore(std::move(taken));
  EXPECT_THAT(bodies(b.take(9, 99)), ElementsAre("1", "2", "3")) << "the oldest gave way";
}

TEST(Buffer, WaitsForNewsOrTheEnd) {
  Buffer b({});
  std::jthread other([&] { b.put(profile("news")); });
  EXPECT_TRUE(b.wait(std::chrono::steady_clock::now() + 60s));
  EXPECT_THAT(bodies(b.take(1, 9)), ElementsAre("news"));
  std::jthread end([&] { b.close(); });
  EXPECT_FALSE(b.wait(std::chrono::steady_clock::now() + 60s));
  EXPECT_TRUE(b.closed());
}

}  // namespace
}  // namespace profiling::scrape
