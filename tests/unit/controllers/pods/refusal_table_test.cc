#include "controllers/pods/refusal_table.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace profiling::controllers {
namespace {

using ::testing::ElementsAre;

std::string event(const std::string& namespace_, const std::string& name, const std::string& at) {
  return nlohmann::json{{"metadata", {{"name", name}, {"namespace", namespace_}}},
                        {"involvedObject", {{"kind", "ReplicaSet"}, {"name", "web"}, {"uid", "u"}}},
                        {"reason", "FailedCreate"},
                        {"message", name},
                        {"lastTimestamp", at}}
      .dump();
}

struct RefusalTableTest : ::testing::Test {
  std::string last(const std::string& namespace_) const {
    const auto found = table.last(namespace_, [](const auto&) { return true; });
    return found ? found->message : "";
  }
  RefusalTable table;
  std::vector<std::string> changed;
  std::unique_ptr<kube::RecordSink> sink =
      makeRefusalSink(table, [this](std::string_view of) { changed.emplace_back(of); });
};

TEST_F(RefusalTableTest, TheLastRefusalOfANamespaceIsFound) {
  ASSERT_TRUE(sink->upsert(event("shop", "b", "2026-08-03T12:02:00Z")).ok());
  ASSERT_TRUE(sink->upsert(event("shop", "a", "2026-08-03T12:01:00Z")).ok());
  ASSERT_TRUE(sink->upsert(event("bank", "c", "2026-08-03T12:03:00Z")).ok());
  sink->flush();
  EXPECT_THAT(changed, ElementsAre("bank", "shop")) << "once for a batch";
  EXPECT_EQ(last("shop"), "b");
  sink->erase("shop/b");
  EXPECT_EQ(last("shop"), "a");
  EXPECT_FALSE(table.last("shop", [](const auto&) { return false; }));
  EXPECT_EQ(last("other"), "");
}

TEST_F(RefusalTableTest, AListForgetsTheEventsThatItDoesNotName) {
  for (const char* name : {"gone", "listed", "kept"}) {
    ASSERT_TRUE(sink->upsert(event("shop", name, "2026-08-03T12:00:00Z")).ok());
  }
  sink->beginList();
  ASSERT_TRUE(sink->listed(event("shop", "listed", "2026-08-03T12:00:00Z")).ok());
  sink->keepListed("shop/kept");
  sink->dropList();
  EXPECT_EQ(sink->stored(), 3U) << "the list failed";
  sink->beginList();
  ASSERT_TRUE(sink->listed(event("shop", "listed", "2026-08-03T12:00:00Z")).ok());
  sink->keepListed("shop/kept");
  sink->commitList();
  EXPECT_EQ(sink->stored(), 2U);
  EXPECT_EQ(changed.back(), "");
}

TEST_F(RefusalTableTest, ANamespaceFullOfEventsDisplacesNoneOfAnother) {
  ASSERT_TRUE(sink->upsert(event("victim", "v", "2000-01-01T00:00:00Z")).ok());
  for (int of = 0; of < 30; ++of) {
    for (std::size_t i = 0; i < kMaxRefusalsOfNamespace + 10; ++i) {
      table.put({"flood" + std::to_string(of), "Job", "j", "u", "m", 1'900'000'000,
                 "e" + std::to_string(i)});
    }
    if (of == 0) {
      EXPECT_EQ(table.size(), kMaxRefusalsOfNamespace + 1);
    }
  }
  EXPECT_EQ(table.size(), kMaxRefusals);
  EXPECT_EQ(last("victim"), "v");
}

TEST_F(RefusalTableTest, AnEventThatCannotBeReadCostsOnlyItself) {
  EXPECT_FALSE(sink->upsert("{").ok());
  EXPECT_FALSE(sink->upsert(R"({"metadata":{"name":"x","namespace":"shop"}})").ok());
  EXPECT_EQ(sink->stored(), 0U);
}

}  // namespace
}  // namespace profiling::controllers
