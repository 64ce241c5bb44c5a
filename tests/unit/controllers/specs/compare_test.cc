#include "controllers/specs/compare.h"

#include <gtest/gtest.h>

namespace profiling::specs {
namespace {

using Json = nlohmann::json;

struct Row {
  const char* sentence;
  const char* live;
  const char* wanted;
  const char* difference;  // null: covered
};

class Compare : public testing::TestWithParam<Row> {};

TEST_P(Compare, MatchesTheTable) {
  const Row& row = GetParam();
  const auto difference = firstDifference(Json::parse(row.live), Json::parse(row.wanted));
  if (row.difference == nullptr) {
    EXPECT_FALSE(difference.has_value()) << row.sentence << ": " << difference.value_or("");
  } else {
    EXPECT_EQ(difference.value_or("no difference"), row.difference) << row.sentence;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Compare,
    testing::Values(
        Row{"fields that others set are not ours", R"({"a":1,"b":2})", R"({"a":1})", nullptr},
        Row{"an item of a list has neither apiVersion nor kind", R"({"a":1})",
            R"({"apiVersion":"v1","kind":"Service","a":1})", nullptr},
        Row{"those of an owner count", R"({"owner":{"kind":"A"}})", R"({"owner":{"kind":"B"}})",
            "/owner/kind"},
        Row{"a changed value is found", R"({"spec":{"a":1}})", R"({"spec":{"a":2}})", "/spec/a"},
        Row{"a removed field is found", R"({"spec":{}})", R"({"spec":{"a":2}})", "/spec/a"},
        Row{"an empty object that the server left out is no difference", R"({})",
            R"({"resources":{}})", nullptr},
        Row{"a port is found by its number",
            R"({"ports":[{"port":9,"name":"x"},{"port":4040,"name":"http"}]})",
            R"({"ports":[{"port":4040,"name":"http"}]})", nullptr},
        Row{"a port that is gone is a difference", R"({"ports":[{"port":4041,"name":"http"}]})",
            R"({"ports":[{"port":4040,"name":"http"}]})", "/ports/4040"},
        Row{"a container that another webhook added is not ours",
            R"({"containers":[{"name":"proxy"},{"name":"pyroscope","image":"a"}]})",
            R"({"containers":[{"name":"pyroscope","image":"a"}]})", nullptr},
        Row{"an image that was changed is a difference",
            R"({"containers":[{"name":"pyroscope","image":"b"}]})",
            R"({"containers":[{"name":"pyroscope","image":"a"}]})", "/containers/pyroscope/image"},
        Row{"arguments are compared in order and number", R"({"args":["a","b","c"]})",
            R"({"args":["a","b"]})", "/args"},
        Row{"an argument in another place is a difference", R"({"args":["b","a"]})",
            R"({"args":["a","b"]})", "/args/0"},
        Row{"quantities are compared by value",
            R"({"resources":{"requests":{"memory":"1Gi","cpu":"500m"},"limits":{"cpu":"1"}}})",
            R"({"resources":{"requests":{"memory":"1024Mi","cpu":"0.5"},"limits":{"cpu":1}}})",
            nullptr},
        Row{"another quantity is a difference", R"({"resources":{"requests":{"memory":"1Gi"}}})",
            R"({"resources":{"requests":{"memory":"2Gi"}}})", "/resources/requests/memory"},
        Row{"what looks like a quantity elsewhere is text", R"({"labels":{"size":"1Gi"}})",
            R"({"labels":{"size":"1024Mi"}})", "/labels/size"},
        Row{"another type is a difference", R"({"spec":[]})", R"({"spec":{"a":1}})", "/spec"},
        Row{"a scalar in place of a list is a difference", R"({"args":"a"})", R"({"args":["a"]})",
            "/args"}));

TEST(SameQuantity, ReadsSuffixes) {
  EXPECT_TRUE(sameQuantity("1Gi", "1073741824"));
  EXPECT_TRUE(sameQuantity("1k", "1000"));
  EXPECT_FALSE(sameQuantity("1M", "1Mi"));
  EXPECT_FALSE(sameQuantity("", "0"));
  EXPECT_FALSE(sameQuantity("1Xi", "1Yi"));
}

}  // namespace
}  // namespace profiling::specs
