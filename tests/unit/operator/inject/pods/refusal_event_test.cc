#include "operator/inject/pods/refusal_event.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace profiling::inject {
namespace {

nlohmann::json failedCreate() {
  return {{"metadata",
           {{"name", "web-6f7d8.1"},
            {"namespace", "shop"},
            {"creationTimestamp", "2026-08-03T12:00:00Z"}}},
          {"involvedObject",
           {{"kind", "ReplicaSet"}, {"namespace", "shop"}, {"name", "web-6f7d8"}, {"uid", "u1"}}},
          {"reason", "FailedCreate"},
          {"message", "Error creating: pods \"web-1\" is forbidden: exceeded quota: team"},
          {"lastTimestamp", "2026-08-03T12:05:00Z"}};
}

TEST(RefusalEvent, NamesTheOwnerTheWordsAndTheLastTime) {
  const auto event = refusalFromEvent(failedCreate());
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->namespace_, "shop");
  EXPECT_EQ(event->owner_kind, "ReplicaSet");
  EXPECT_EQ(event->owner_name, "web-6f7d8");
  EXPECT_EQ(event->owner_uid, "u1");
  EXPECT_EQ(event->message, "Error creating: pods \"web-1\" is forbidden: exceeded quota: team");
  EXPECT_EQ(event->at, 1785758700);
}

TEST(RefusalEvent, ASeriesHasItsOwnTime) {
  auto json = failedCreate();
  json["lastTimestamp"] = nullptr;
  json["eventTime"] = "2026-08-03T12:01:00.123456Z";
  json["series"] = {{"count", 7}, {"lastObservedTime", "2026-08-03T12:09:00.000001Z"}};
  EXPECT_EQ(refusalFromEvent(json)->at, 1785758940);
}

TEST(RefusalEvent, TheMessageIsCutAndPrintable) {
  auto json = failedCreate();
  json["message"] = "\x1b[2J" + std::string(5000, 'x');
  const auto event = refusalFromEvent(json);
  EXPECT_LE(event->message.size(), 512U);
  EXPECT_EQ(event->message.find('\x1b'), std::string::npos);
}

TEST(RefusalEvent, AnOwnerThatIsTooLongToExistIsRefused) {
  const std::pair<const char*, std::size_t> bounds[] = {{"kind", 253}, {"name", 253}, {"uid", 64}};
  for (const auto& [field, longest] : bounds) {
    auto json = failedCreate();
    json["involvedObject"][field] = std::string(longest, 'x');
    EXPECT_TRUE(refusalFromEvent(json).ok()) << field;
    json["involvedObject"][field] = std::string(longest + 1, 'x');
    EXPECT_FALSE(refusalFromEvent(json).ok()) << field;
  }
}

TEST(RefusalEvent, WrongTypesAndMissingOwnersAreErrors) {
  for (const char* field : {"metadata", "involvedObject", "message", "lastTimestamp", "series"}) {
    auto json = failedCreate();
    json[field] = 7;
    refusalFromEvent(json).ok();
  }
  EXPECT_FALSE(refusalFromEvent({{"reason", "FailedCreate"}}).ok());
  EXPECT_FALSE(refusalFromEvent(nlohmann::json::array()).ok());
}

}  // namespace
}  // namespace profiling::inject
