#include "webhooks/cluster_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::webhooks {
namespace {

using ::testing::ElementsAre;

inject::Quota quota(const std::string& name, double left = 1) {
  inject::Quota out;
  out.name = name;
  out.limits[inject::ResourceKind::kCpu] = inject::QuotaCounter{left, 0};
  return out;
}

std::vector<std::string> namesIn(const ClusterTable& table, std::string_view namespace_) {
  std::vector<std::string> out;
  const auto quotas = table.quotas(namespace_);
  if (quotas == nullptr) return out;
  for (const inject::Quota& q : *quotas) out.push_back(q.name);
  return out;
}

TEST(ClusterTable, QuotasLieByNamespace) {
  ClusterTable table;
  table.setQuota("shop/a", quota("a"));
  table.setQuota("shop/b", quota("b"));
  table.setQuota("till/a", quota("a"));
  table.setQuota("shop/a", quota("a", 7));
  EXPECT_THAT(namesIn(table, "shop"), ElementsAre("b", "a"));
  EXPECT_EQ(table.quotas("shop")->back().limits[inject::ResourceKind::kCpu]->hard, 7);
  table.removeQuota("shop/b");
  table.removeQuota("shop/unknown");
  table.keepQuotas([](const std::string& key) { return key == "shop/a"; });
  EXPECT_THAT(namesIn(table, "shop"), ElementsAre("a"));
  EXPECT_EQ(table.quotas("till"), nullptr);
  EXPECT_EQ(table.stats().quotas, 1U);
}

TEST(ClusterTable, AQuotaThatCountsNothingWeAddIsNotKept) {
  ClusterTable table;
  table.setQuota("shop/pods", inject::Quota{"pods", {}, {}, {}});
  EXPECT_EQ(table.quotas("shop"), nullptr);
  table.setQuota("shop/a", quota("a"));
  table.setQuota("shop/a", inject::Quota{"a", {}, {}, {}});
  EXPECT_EQ(table.quotas("shop"), nullptr);
}

TEST(ClusterTable, OneNamespacesQuotasAreBounded) {
  ClusterTable table;
  for (int i = 0; i < 1'000; ++i) {
    const std::string name = "q" + std::to_string(i);
    table.setQuota("hostile/" + name, quota(name));
  }
  EXPECT_EQ(table.quotas("hostile")->size(), kMostQuotas);
  table.setQuota("hostile/q7", quota("q7", 9));
  EXPECT_EQ(table.quotas("hostile")->back().limits[inject::ResourceKind::kCpu]->hard, 9)
      << "one that is kept goes on being read";
  table.setQuota("shop/a", quota("a"));
  EXPECT_THAT(namesIn(table, "shop"), ElementsAre("a"));
}

TEST(ClusterTable, APlatformIsThereAsLongAsOneOfItsNodes) {
  const inject::NodeClass amd{"linux", "amd64"}, arm{"linux", "arm64"};
  ClusterTable table;
  EXPECT_EQ(table.nodes(), nullptr) << "not known";
  table.setNode("a", amd);
  table.setNode("b", amd);
  table.setNode("c", arm);
  EXPECT_THAT(*table.nodes(), ElementsAre(amd, arm));
  const auto before = table.nodes();
  table.setNode("c", arm);
  EXPECT_EQ(table.nodes(), before) << "a heartbeat changes nothing";
  table.setNode("c", amd);
  EXPECT_THAT(*table.nodes(), ElementsAre(amd));
  table.setNode("c", arm);
  table.removeNode("a");
  table.keepNodes([](const std::string& name) { return name == "c"; });
  EXPECT_THAT(*table.nodes(), ElementsAre(arm));
  EXPECT_EQ(table.stats().nodes, 1U);
}

}  // namespace
}  // namespace profiling::webhooks
