// Single pods as the table returns them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/pods/pod_table.h"

namespace profiling::controllers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kDb = "shop/StatefulSet/db";
constexpr std::string_view kUid = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";

inject::PodFacts pod(std::string_view name, std::string_view revision = "r1") {
  inject::PodFacts facts;
  facts.namespace_ = "shop";
  facts.name = name;
  facts.labels = {{"controller-revision-hash", "db-5f"}, {"profiling.dev/profiled", revision}};
  facts.owner = api::OwnerView{"apps/v1", "StatefulSet", "db", "uid-1", true};
  facts.flags = inject::kPodReady;
  facts.uid = kUid;
  facts.created = 1'785'585'600;
  return facts;
}

inject::PodFacts failing(inject::PodFacts facts) {
  facts.restarts = 3;
  facts.failure = inject::FailureView{"app", false, 137, "OOMKilled", "ended"};
  return facts;
}

engine::Pod only(const PodTable& table) {
  const engine::Pods pods = table.pods(kDb);
  EXPECT_EQ(pods.size(), 1u);
  return pods.empty() ? engine::Pod() : pods[0];
}

TEST(PodMembers, ReturnsEveryFieldKeptOfAPod) {
  PodTable table;
  table.upsert(failing(pod("db-4")));
  const engine::Pod got = only(table);
  EXPECT_EQ(got.name, "db-4");
  EXPECT_EQ(got.uid, kUid);
  EXPECT_EQ(got.revision, "r1");
  EXPECT_EQ(got.template_hash, "db-5f");
  EXPECT_EQ(got.ordinal, 4);
  EXPECT_TRUE(got.ready);
  EXPECT_FALSE(got.deleting);
  EXPECT_EQ(got.created, engine::Time(std::chrono::seconds(1'785'585'600)));
  EXPECT_EQ(got.restarts, 3);
  ASSERT_TRUE(got.failure.has_value());
  EXPECT_EQ(got.failure->reason, "OOMKilled");
  EXPECT_EQ(got.failure->exit_code, 137);
  EXPECT_FALSE(got.reporting.has_value()) << "another source knows that";
}

TEST(PodMembers, ImagesOfAllPodsAreListedOnce) {
  PodTable table;
  inject::PodFacts a = pod("db-0");
  inject::PodFacts b = pod("db-1");
  a.images = {"sha256:bb", "sha256:aa", "sha256:aa"};
  b.images = {"sha256:cc", "sha256:aa"};
  table.upsert(a);
  table.upsert(b);
  table.upsert(pod("db-2"));
  EXPECT_THAT(table.images(kDb), ElementsAre("sha256:aa", "sha256:bb", "sha256:cc"));
  EXPECT_EQ(table.group(kDb)->classes.size(), 1u) << "another image is no other class";
  const std::size_t symbols = table.stats().symbols;
  b.images = {"sha256:aa"};
  table.upsert(b);
  EXPECT_THAT(table.images(kDb), ElementsAre("sha256:aa", "sha256:bb"));
  EXPECT_EQ(table.stats().symbols, symbols) << "unused symbols are freed";
  EXPECT_THAT(table.images("shop/StatefulSet/other"), IsEmpty());
}

TEST(PodMembers, OnlyPodsOfAStatefulSetHaveAnOrdinal) {
  PodTable table;
  inject::PodFacts facts = pod("web-6f7d8-12345");
  facts.labels = {{"pod-template-hash", "6f7d8"}};
  facts.owner = api::OwnerView{"apps/v1", "ReplicaSet", "web-6f7d8", "uid-2", true};
  table.upsert(facts);
  const engine::Pods pods = table.pods("shop/Deployment/web");
  ASSERT_EQ(pods.size(), 1u);
  EXPECT_EQ(pods[0].ordinal, -1);
  EXPECT_EQ(pods[0].template_hash, "6f7d8");
}

TEST(PodMembers, FinishedPodsAreLeftOut) {
  PodTable table;
  inject::PodFacts ended = pod("db-0");
  ended.flags = inject::kPodFinished;
  table.upsert(ended);
  table.upsert(pod("db-1"));
  EXPECT_EQ(only(table).name, "db-1");
  EXPECT_THAT(table.pods("shop/StatefulSet/other"), IsEmpty());
  EXPECT_FALSE(table.members("nonsense").has_value());
}

TEST(PodMembers, UidThatIsNotAUuidIsKeptAsText) {
  PodTable table;
  const std::size_t empty = table.stats().symbols;
  inject::PodFacts facts = pod("db-0");
  facts.uid = "not-a-uuid";
  table.upsert(facts);
  table.upsert(facts);
  EXPECT_EQ(only(table).uid, "not-a-uuid");
  facts.uid = "another";
  table.upsert(facts);
  EXPECT_EQ(only(table).uid, "another");
  table.erase("shop/db-0");
  EXPECT_EQ(table.stats().symbols, empty);
}

TEST(PodMembers, RestartCountsSaturate) {
  PodTable table;
  inject::PodFacts facts = pod("db-0");
  facts.restarts = 2'000'000'000;
  table.upsert(facts);
  EXPECT_EQ(only(table).restarts, 65535);
}

TEST(PodMembers, EachChangeTouchesTheGroup) {
  PodTable table;
  table.upsert(pod("db-0"));
  (void)table.takeTouched();
  inject::PodFacts other_uid = pod("db-0");
  other_uid.uid = "0a1b2c3d-4e5f-6789-abcd-ef0123456780";
  inject::PodFacts younger = other_uid;
  ++younger.created;
  inject::PodFacts restarted = younger;
  restarted.restarts = 1;
  inject::PodFacts failed = restarted;
  failed.failure = inject::FailureView{"app", false, 1, "Error", ""};
  for (const inject::PodFacts& facts : {other_uid, younger, restarted, failed}) {
    table.upsert(facts);
    EXPECT_THAT(table.takeTouched(), ElementsAre(kDb));
    table.upsert(facts);
    EXPECT_THAT(table.takeTouched(), IsEmpty()) << "the same again is no change";
  }
}

TEST(PodMembers, FieldsUniqueToAPodDoNotSplitClasses) {
  PodTable table;
  const std::size_t empty = table.stats().symbols;
  std::vector<std::string> names;
  for (int i = 0; i < 10; ++i) names.push_back("db-" + std::to_string(i));
  for (std::size_t i = 0; i < names.size(); ++i) {
    inject::PodFacts facts = i % 2 == 0 ? pod(names[i]) : failing(pod(names[i]));
    facts.created += static_cast<std::uint32_t>(i);
    table.upsert(facts);
  }
  table.upsert(pod("db-10", "r2"));
  const auto members = table.members(kDb);
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->group.classes.size(), 2u);
  EXPECT_EQ(table.group(kDb)->classes.size(), 2u);
  ASSERT_EQ(members->pods.size(), 11u);
  ASSERT_EQ(members->class_of.size(), 11u);
  for (std::size_t i = 0; i < members->pods.size(); ++i) {
    const auto labels = labelsOf(members->group.classes.at(members->class_of[i]));
    EXPECT_EQ(labels[1].value, members->pods[i].revision) << members->pods[i].name;
  }
  names.push_back("db-10");
  for (const std::string& name : names) table.erase("shop/" + name);
  EXPECT_EQ(table.stats().symbols, empty) << "texts of failures are freed, too";
}

TEST(PodMembers, ClassesCountFromTheFirstPodThatHasNotEnded) {
  PodTable table;
  inject::PodFacts ended = pod("db-0", "r0");
  ended.flags = inject::kPodFinished;
  table.upsert(ended);
  table.upsert(pod("db-1", "r1"));
  table.upsert(pod("db-2", "r2"));
  const auto members = table.members(kDb);
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->group.classes.size(), 3u);
  std::vector<std::string> revisions;
  for (std::size_t i = 0; i < members->pods.size(); ++i) {
    revisions.push_back(members->pods[i].revision);
    EXPECT_EQ(labelsOf(members->group.classes.at(members->class_of[i]))[1].value,
              members->pods[i].revision);
  }
  EXPECT_THAT(revisions, UnorderedElementsAre("r1", "r2"));
}

}  // namespace
}  // namespace profiling::controllers
