#include "operator/api/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::api {
namespace {

using testing::HasSubstr;
using Labels = std::map<std::string, std::string>;

const Labels kPod{{"app", "shop"}, {"tier", "web"}, {"empty", ""}};

LabelSelector expression(std::string key, std::string op, std::vector<std::string> values = {}) {
  return {{}, {{std::move(key), std::move(op), std::move(values)}}};
}

TEST(Selector, EmptySelectsEverything) {
  EXPECT_TRUE(matches(LabelSelector{}, kPod));
  EXPECT_TRUE(matches(LabelSelector{}, Labels{}));
}

TEST(Selector, MatchLabelsNeedEveryLabel) {
  EXPECT_TRUE(matches({{{"app", "shop"}, {"tier", "web"}}, {}}, kPod));
  EXPECT_FALSE(matches({{{"app", "shop"}, {"tier", "db"}}, {}}, kPod));
  EXPECT_FALSE(matches({{{"absent", ""}}, {}}, kPod)) << "an absent label is not an empty one";
  EXPECT_TRUE(matches({{{"empty", ""}}, {}}, kPod));
}

TEST(Selector, OperatorsAsInBuiltInKinds) {
  struct Row {
    LabelSelector selector;
    bool expected;
    const char* why;
  };
  const Row rows[] = {
      {expression("app", "In", {"cart", "shop"}), true, "one of the values"},
      {expression("app", "In", {"cart"}), false, "none of the values"},
      {expression("absent", "In", {"shop"}), false, "In needs the label"},
      {expression("app", "NotIn", {"cart"}), true, "another value"},
      {expression("app", "NotIn", {"cart", "shop"}), false, "a listed value"},
      {expression("absent", "NotIn", {"shop"}), true, "NotIn takes objects without the label"},
      {expression("empty", "Exists"), true, "an empty value exists"},
      {expression("absent", "Exists"), false, "absent"},
      {expression("absent", "DoesNotExist"), true, "absent"},
      {expression("empty", "DoesNotExist"), false, "an empty value exists"},
      {expression("app", "in", {"shop"}), false, "an unknown operator selects nothing"},
      {expression("app", "", {}), false, "an unknown operator selects nothing"},
  };
  for (const Row& row : rows) {
    const auto& r = row.selector.match_expressions[0];
    EXPECT_EQ(matches(row.selector, kPod), row.expected) << r.key << " " << r.op << ": " << row.why;
  }
}

TEST(Selector, LabelsAndExpressionsAreJoinedByAnd) {
  LabelSelector selector{{{"app", "shop"}}, {{"tier", "Exists", {}}, {"tier", "NotIn", {"db"}}}};
  EXPECT_TRUE(matches(selector, kPod));
  selector.match_expressions.push_back({"tier", "In", {"db"}});
  EXPECT_FALSE(matches(selector, kPod));
}

TEST(Selector, LooksLabelsUpWhereverTheyAre) {
  int asked = 0;
  const LabelLookup lookup = [&](std::string_view key) -> std::optional<std::string_view> {
    ++asked;
    if (key == "app") return "shop";
    return std::nullopt;
  };
  EXPECT_TRUE(matches(expression("app", "In", {"shop"}), lookup));
  EXPECT_FALSE(matches(expression("tier", "Exists"), lookup));
  EXPECT_EQ(asked, 2);
}

TEST(SelectorValidation, AcceptsWhatTheApiServerAccepts) {
  const LabelSelector good{{{"app", "shop"}},
                           {{"a", "In", {"x"}},
                            {"b", "NotIn", {"x", "y"}},
                            {"c", "Exists", {}},
                            {"d", "DoesNotExist", {}}}};
  EXPECT_TRUE(validate(good, "/spec/selector").ok());
  EXPECT_TRUE(validate(LabelSelector{}, "/spec/selector").ok());
}

TEST(SelectorValidation, NamesWhereTheErrorIs) {
  struct Row {
    LabelRequirement second;
    const char* expected;
  };
  const Row rows[] = {
      {{"k", "Equals", {"v"}},
       "at /spec/selector/matchExpressions/1/operator: 'Equals' must be 'In', 'NotIn', 'Exists' or "
       "'DoesNotExist'"},
      {{"k", "In", {}},
       "at /spec/selector/matchExpressions/1/values: must hold at least one value when operator "
       "is 'In'"},
      {{"k", "NotIn", {}}, "/values: must hold at least one value when operator is 'NotIn'"},
      {{"k", "Exists", {"v"}}, "/values: must be empty when operator is 'Exists'"},
      {{"k", "DoesNotExist", {"v"}}, "/values: must be empty when operator is 'DoesNotExist'"},
  };
  for (const Row& row : rows) {
    const Status status = validate({{}, {{"first", "Exists", {}}, row.second}}, "/spec/selector");
    EXPECT_EQ(status.code(), Code::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(row.expected));
  }
}

}  // namespace
}  // namespace profiling::api
