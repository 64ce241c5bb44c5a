// Conditions and the names of languages.
#include <gtest/gtest.h>

#include "operator/api/v1alpha1/policy.h"

namespace profiling::api {
namespace {

constexpr const char* kEarlier = "2026-08-01T10:00:00Z";
constexpr const char* kNow = "2026-08-01T12:00:00Z";

Condition ready(std::string status, std::string reason = "R", std::string message = "m",
                std::int64_t generation = 1) {
  return {"Ready", std::move(status), std::move(reason), std::move(message), "", generation};
}

TEST(SetCondition, AddsANewType) {
  std::vector<Condition> conditions;
  EXPECT_TRUE(setCondition(conditions, ready("True"), kNow));
  ASSERT_EQ(conditions.size(), 1u);
  EXPECT_EQ(conditions[0].last_transition_time, kNow);
}

TEST(SetCondition, TheSameAgainChangesNothing) {
  std::vector<Condition> conditions;
  setCondition(conditions, ready("True"), kEarlier);
  EXPECT_FALSE(setCondition(conditions, ready("True"), kNow));
  EXPECT_EQ(conditions[0].last_transition_time, kEarlier);
}

TEST(SetCondition, TheTimeMovesOnlyWhenTheStatusFlips) {
  struct Row {
    Condition next;
    const char* expected_time;
  };
  const Row rows[] = {
      {ready("False"), kNow},
      {ready("Unknown"), kNow},
      {ready("True", "Other"), kEarlier},
      {ready("True", "R", "other"), kEarlier},
      {ready("True", "R", "m", 2), kEarlier},
  };
  for (const Row& row : rows) {
    std::vector<Condition> conditions;
    setCondition(conditions, ready("True"), kEarlier);
    EXPECT_TRUE(setCondition(conditions, row.next, kNow));
    ASSERT_EQ(conditions.size(), 1u);
    EXPECT_EQ(conditions[0].last_transition_time, row.expected_time) << row.next.status;
    EXPECT_EQ(conditions[0].status, row.next.status);
    EXPECT_EQ(conditions[0].reason, row.next.reason);
    EXPECT_EQ(conditions[0].message, row.next.message);
    EXPECT_EQ(conditions[0].observed_generation, row.next.observed_generation);
  }
}

TEST(SetCondition, LeavesOtherTypesAlone) {
  std::vector<Condition> conditions;
  setCondition(conditions, ready("True"), kEarlier);
  setCondition(conditions, {"ServerAvailable", "False", "R", "m", "", 1}, kEarlier);
  EXPECT_TRUE(setCondition(conditions, ready("False"), kNow));
  ASSERT_EQ(conditions.size(), 2u);
  EXPECT_EQ(findCondition(conditions, "ServerAvailable")->last_transition_time, kEarlier);
  EXPECT_EQ(findCondition(conditions, "Ready")->status, "False");
  EXPECT_EQ(findCondition(conditions, "Absent"), nullptr);
}

TEST(Languages, NamesAndTokensRoundTrip) {
  for (std::size_t i = 0; i < kLanguageCount; ++i) {
    const auto language = static_cast<Language>(i);
    EXPECT_EQ(languageFromName(languageName(language)), language);
    EXPECT_EQ(languageFromToken(languageToken(language)), language);
  }
  EXPECT_EQ(languageName(Language::kNodeJS), "NodeJS");
  EXPECT_EQ(languageToken(Language::kNodeJS), "node");
  EXPECT_EQ(languageFromToken("nodejs"), Language::kNodeJS);
}

TEST(Languages, OtherNamesAreRefused) {
  for (const char* text : {"", "Auto", "java", "JAVA", "Node", "Cobol"}) {
    EXPECT_EQ(languageFromName(text), std::nullopt) << text;
  }
  for (const char* text : {"", "auto", "Java", "NodeJS", ".net", "java "}) {
    EXPECT_EQ(languageFromToken(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace profiling::api
