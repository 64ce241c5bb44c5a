#include "operator/kube/version.h"

#include <gtest/gtest.h>

namespace profiling::kube {
namespace {

TEST(Version, AcceptsTheFormsOfClouds) {
  const auto plain = parseVersion(R"({"major":"1","minor":"34","gitVersion":"v1.34.1"})");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->major, 1);
  EXPECT_EQ(plain->minor, 34);
  const auto cloud = parseVersion(R"({"major":"1","minor":"29+"})");
  ASSERT_TRUE(cloud.ok());
  EXPECT_EQ(cloud->minor, 29);
}

TEST(Version, OtherTextIsAnError) {
  for (const char* bad : {"", "[]", "{}", R"({"major":"1"})", R"({"major":"1","minor":"x"})",
                          R"({"major":1,"minor":34})"}) {
    EXPECT_FALSE(parseVersion(bad).ok()) << bad;
  }
}

TEST(Version, NodesMayBeThreeVersionsOlder) {
  EXPECT_FALSE(allNodesHaveNativeSidecars({1, 28}));
  EXPECT_FALSE(allNodesHaveNativeSidecars({1, 31})) << "a kubelet of 1.28 may be there";
  EXPECT_TRUE(allNodesHaveNativeSidecars({1, 32}));
  EXPECT_TRUE(allNodesHaveNativeSidecars({2, 0}));
}

}  // namespace
}  // namespace profiling::kube
