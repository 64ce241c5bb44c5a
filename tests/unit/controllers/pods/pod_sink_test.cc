#include "controllers/pods/pod_sink.h"

#include <gtest/gtest.h>

#include "tests/support/padded.h"

namespace profiling::controllers {
namespace {

using test::Padded;

constexpr const char* kPod = R"({"metadata":{"name":"web-1","namespace":"shop",
  "labels":{"app":"web","pod-template-hash":"6f7d8"},
  "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6f7d8","uid":"u1",
    "controller":true}]},
  "status":{"phase":"Running"}})";

TEST(PodSink, ReportsEachChangedGroupOnce) {
  PodTable table;
  std::vector<std::pair<std::string, bool>> reported;
  const auto sink = makePodSink(
      table, [&](const std::string& group, bool bulk) { reported.emplace_back(group, bulk); });
  const Padded text(kPod);
  sink->beginList();
  ASSERT_TRUE(sink->listed(text.view()).ok());
  EXPECT_TRUE(reported.empty()) << "not before the list is complete";
  EXPECT_FALSE(table.synced());
  sink->commitList();
  EXPECT_TRUE(table.synced());
  EXPECT_EQ(reported, (std::vector<std::pair<std::string, bool>>{{"shop/Deployment/web", true}}));
  EXPECT_EQ(sink->stored(), 1u);
  reported.clear();
  sink->erase("shop/web-1");
  sink->flush();
  EXPECT_EQ(reported, (std::vector<std::pair<std::string, bool>>{{"shop/Deployment/web", false}}));
  const Padded rubbish("{}");
  EXPECT_FALSE(sink->upsert(rubbish.view()).ok());
}

}  // namespace
}  // namespace profiling::controllers
