#include "operator/base/fair_table.h"

#include <string>

#include <gtest/gtest.h>

namespace profiling {
namespace {

void fill(FairTable<int>& table, const std::string& namespace_, int count, int rank = 0) {
  for (int i = 0; i < count; ++i) table.put(namespace_, "k" + std::to_string(i), rank + i, i);
}

TEST(FairTable, ANamespaceBeyondItsShareLosesItsLowestRank) {
  FairTable<int> table(3, 100);
  fill(table, "a", 3);
  table.put("b", "k0", 0, 7);
  table.put("a", "new", 10, 9);
  EXPECT_EQ(table.find("a", "k0"), nullptr);
  EXPECT_EQ(*table.find("a", "new"), 9);
  EXPECT_EQ(*table.find("b", "k0"), 7);
  table.put("a", "low", -1, 9);
  EXPECT_EQ(table.find("a", "low"), nullptr) << "the new entry has the lowest rank";
  EXPECT_EQ(table.size(), 4U);
}

TEST(FairTable, AFullTableTakesFromTheNamespaceWithTheMostEntries) {
  FairTable<int> table(8, 10);
  table.put("victim", "k", -100, 1);
  fill(table, "a", 6);
  fill(table, "b", 3);
  fill(table, "c", 3);
  EXPECT_NE(table.find("victim", "k"), nullptr);
  EXPECT_EQ(table.size(), 10U);
  for (const char* gone : {"k0", "k1", "k2"}) EXPECT_EQ(table.find("a", gone), nullptr);
  EXPECT_NE(table.find("c", "k2"), nullptr);
}

TEST(FairTable, AReplacedEntryHasItsNewRankAndValue) {
  FairTable<int> table(2, 10);
  table.put("a", "old", 1, 1);
  table.put("a", "other", 2, 1);
  table.put("a", "old", 3, 5);
  EXPECT_EQ(table.size(), 2U);
  table.put("a", "new", 4, 1);
  EXPECT_EQ(table.find("a", "other"), nullptr);
  EXPECT_EQ(*table.find("a", "old"), 5);
}

TEST(FairTable, AnErasedEntryMakesRoom) {
  FairTable<int> table(2, 2);
  fill(table, "a", 2);
  table.erase("a", "k1");
  table.erase("a", "k1");
  table.erase("b", "k1");
  fill(table, "b", 1);
  EXPECT_NE(table.find("a", "k0"), nullptr);
  table.erase("a", "k0");
  table.erase("b", "k0");
  EXPECT_EQ(table.size(), 0U);
  int seen = 0;
  fill(table, "c", 2);
  table.forEach([&](const auto&, const auto&, int) { ++seen; });
  table.forEachOf("c", [&](const auto&, int) { ++seen; });
  table.forEachOf("a", [&](const auto&, int) { ++seen; });
  EXPECT_EQ(seen, 4);
}

}  // namespace
}  // namespace profiling
