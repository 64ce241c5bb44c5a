#include "controllers/pods/pod_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::controllers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// The facts point into literals and into `names`, which lives as long as the test.
inject::PodFacts pod(std::string_view name, std::string_view hash = "6f7d8") {
  inject::PodFacts facts;
  facts.namespace_ = "shop";
  facts.name = name;
  facts.labels = {{"app", "web"}, {"pod-template-hash", hash}};
  api::OwnerView owner;
  owner.api_version = "apps/v1";
  owner.kind = "ReplicaSet";
  owner.name = hash == "6f7d8" ? "web-6f7d8" : "web-99999";
  owner.uid = hash == "6f7d8" ? "uid-1" : "uid-2";
  owner.controller = true;
  facts.owner = owner;
  return facts;
}

constexpr const char* kWeb = "shop/Deployment/web";

TEST(PodTable, GroupsPodsByTheirWorkload) {
  PodTable table;
  table.upsert(pod("web-6f7d8-a"));
  table.upsert(pod("web-6f7d8-b"));
  table.upsert(pod("web-99999-c", "99999"));
  const auto group = table.group(kWeb);
  ASSERT_TRUE(group.has_value());
  EXPECT_EQ(group->namespace_, "shop");
  EXPECT_EQ(group->kind, "Deployment");
  EXPECT_EQ(group->name, "web");
  ASSERT_EQ(group->classes.size(), 2u) << "pods that are alike are one class";
  EXPECT_EQ(group->classes[0].count + group->classes[1].count, 3);
  EXPECT_EQ(table.stats().pods, 3u);
  EXPECT_EQ(table.stats().groups, 1u);
}

TEST(PodTable, AClassHoldsTheSharedFieldsOfItsPods) {
  PodTable table;
  inject::PodFacts facts = pod("web-6f7d8-a");
  facts.inject = "true";
  facts.policy = "";
  facts.decision = R"({"action":"injected"})";
  facts.flags = inject::kPodReady;
  table.upsert(facts);
  const PodClass pods = table.group(kWeb)->classes.at(0);
  EXPECT_EQ(pods.inject, "true");
  EXPECT_EQ(pods.policy, "") << "an empty annotation is not an absent one";
  EXPECT_EQ(pods.decision, R"({"action":"injected"})");
  EXPECT_EQ(pods.flags, inject::kPodReady);
  EXPECT_EQ(pods.owner_kind, "ReplicaSet");
  EXPECT_EQ(pods.owner_name, "web-6f7d8");
  EXPECT_EQ(pods.owner_uid, "uid-1");
  EXPECT_EQ(pods.api_version, "apps/v1");
  EXPECT_EQ(pods.example, "web-6f7d8-a");
  const auto labels = labelsOf(pods);
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].key, "app");
  EXPECT_EQ(labels[0].value, "web");
}

TEST(PodTable, ReportsOnlyChangedGroups) {
  PodTable table;
  table.upsert(pod("web-6f7d8-a"));
  EXPECT_THAT(table.takeTouched(), ElementsAre(kWeb));
  const std::uint64_t generation = table.group(kWeb)->generation;
  table.upsert(pod("web-6f7d8-a"));
  EXPECT_THAT(table.takeTouched(), IsEmpty()) << "the same again is no change";
  EXPECT_EQ(table.group(kWeb)->generation, generation);
  inject::PodFacts ready = pod("web-6f7d8-a");
  ready.flags = inject::kPodReady;
  table.upsert(ready);
  EXPECT_THAT(table.takeTouched(), ElementsAre(kWeb));
  EXPECT_NE(table.group(kWeb)->generation, generation);
}

TEST(PodTable, ADeletedPodLeavesNothingBehind) {
  PodTable table;
  const std::size_t empty = table.stats().symbols;
  table.upsert(pod("web-6f7d8-a"));
  table.upsert(pod("web-6f7d8-b"));
  table.erase("shop/web-6f7d8-a");
  EXPECT_EQ(table.group(kWeb)->classes.at(0).count, 1);
  table.erase("shop/web-6f7d8-b");
  EXPECT_FALSE(table.group(kWeb).has_value());
  EXPECT_EQ(table.stats().symbols, empty) << "shared text is freed with its last user";
  EXPECT_EQ(table.stats().groups, 0u);
  table.erase("shop/web-6f7d8-b");  // once more: nothing happens
}

TEST(PodTable, APodRecreatedUnderAnotherOwnerMovesToItsGroup) {
  PodTable table;
  table.upsert(pod("web-0"));
  inject::PodFacts other = pod("web-0");
  api::OwnerView owner;
  owner.api_version = "apps/v1";
  owner.kind = "StatefulSet";
  owner.name = "web";
  owner.uid = "uid-3";
  owner.controller = true;
  other.owner = owner;
  table.upsert(other);
  EXPECT_FALSE(table.group(kWeb).has_value());
  ASSERT_TRUE(table.group("shop/StatefulSet/web").has_value());
  EXPECT_EQ(table.stats().pods, 1u);
  EXPECT_THAT(table.takeTouched(), UnorderedElementsAre(kWeb, "shop/StatefulSet/web"));
}

TEST(PodTable, ACompleteListRemovesPodsItDidNotName) {
  PodTable table;
  table.upsert(pod("web-6f7d8-a"));
  table.upsert(pod("web-6f7d8-b"));
  table.upsert(pod("web-6f7d8-c"));
  EXPECT_FALSE(table.synced());
  table.beginList();
  table.upsert(pod("web-6f7d8-b"));
  table.keep("shop/web-6f7d8-c");
  EXPECT_EQ(table.stats().pods, 3u) << "nothing is removed before the list is complete";
  table.endList();
  EXPECT_TRUE(table.synced());
  EXPECT_EQ(table.stats().pods, 2u);
  EXPECT_EQ(table.group(kWeb)->classes.at(0).count, 2);
}

TEST(PodTable, AnIncompleteListRemovesNothing) {
  PodTable table;
  table.upsert(pod("web-6f7d8-a"));
  table.upsert(pod("web-6f7d8-b"));
  table.beginList();
  table.upsert(pod("web-6f7d8-b"));
  table.beginList();  // the next try, after the first one failed
  table.upsert(pod("web-6f7d8-a"));
  table.upsert(pod("web-6f7d8-b"));
  table.endList();
  EXPECT_EQ(table.stats().pods, 2u);
}

TEST(PodTable, ListsTheGroupsOfANamespace) {
  PodTable table;
  table.upsert(pod("web-6f7d8-a"));
  inject::PodFacts other = pod("web-6f7d8-a");
  other.namespace_ = "shop-2";
  table.upsert(other);
  const auto listed = table.groups("shop");
  ASSERT_EQ(listed.size(), 1u) << "shop-2 is another namespace";
  EXPECT_EQ(listed[0].key, kWeb);
  EXPECT_EQ(table.groups("").size(), 2u);
  EXPECT_THAT(table.groups("none"), IsEmpty());
}

// Compared with the plainest model that there is, over some thousand random steps.
TEST(PodTable, AgreesWithAMapOfPods) {
  PodTable table;
  std::map<std::string, std::string> model;  // name → hash
  std::uint32_t random = 1;
  const auto next = [&](std::uint32_t below) {
    random = random * 1664525u + 1013904223u;
    return (random >> 16) % below;
  };
  for (int step = 0; step < 5000; ++step) {
    const std::string name = "web-" + std::to_string(next(40));
    const std::string hash = next(2) == 0 ? "6f7d8" : "99999";
    if (next(3) == 0) {
      table.erase("shop/" + name);
      model.erase(name);
    } else {
      table.upsert(pod(name, hash));
      model[name] = hash;
    }
  }
  std::map<std::string, std::int64_t> wanted, found;
  for (const auto& [name, hash] : model) ++wanted[hash];
  const auto group = table.group(kWeb);
  ASSERT_TRUE(group.has_value());
  for (const PodClass& pods : group->classes)
    found[std::string(labelsOf(pods)[1].value)] += pods.count;
  EXPECT_EQ(found, wanted);
}

}  // namespace
}  // namespace profiling::controllers
