#include "operator/cli/structured.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/cli/support.h"

namespace profiling::cli {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

TEST(Yaml, RoundTripsValues) {
  const Json value = {{"text", "plain"},
                      {"number", 5},
                      {"yes", "true"},
                      {"digits", "0123"},
                      {"quote", "a: b # c"},
                      {"empty", Json::array()},
                      {"none", Json::object()},
                      {"list", {1, "two", {{"k", "v"}}}},
                      {"off", false},
                      {"time", "2026-08-01T12:00:00Z"},
                      {"nothing", ""},
                      {"lines", "a\nb"},
                      {"profiling.dev/abort", "no"}};
  const auto read = parseDocument(render(value, Format::kYaml));
  ASSERT_TRUE(read.ok()) << read.status().toString() << render(value, Format::kYaml);
  EXPECT_EQ(*read, value);
}

TEST(Yaml, ErrorsNameTheLine) {
  EXPECT_THAT(parseDocument("a: [1,\nb: 2").status().message(), HasSubstr("not YAML, line"));
  EXPECT_THAT(parseDocument("").status().message(), HasSubstr("contains 0"));
  EXPECT_THAT(parseDocument("a: 1\n---\nb: 2\n").status().message(), HasSubstr("contains 2"));
  EXPECT_FALSE(parseDocument(std::string(200, '[') + std::string(200, ']')).ok());
}

TEST(Yaml, AliasesAreCountedAsWhatTheyName) {
  EXPECT_EQ(*parseDocument("a: &x [1, 2]\nb: *x\n"), (Json{{"a", {1, 2}}, {"b", {1, 2}}}));
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1) + ",";
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int n = 0; n < 10; ++n) bomb += last;
    bomb += "]\n";
  }
  EXPECT_THAT(parseDocument(bomb).status().message(), HasSubstr("line 6: more than 500000 values"));
  EXPECT_THAT(parseDocument("a: &x [*x]").status().message(), HasSubstr("an alias within"));
}

TEST(Yaml, TextThatTheParserDoesNotConsumeIsAnError) {
  EXPECT_THAT(parseDocuments("\t,t a\n\n").status().message(), HasSubstr("not YAML, line 1"));
}

TEST(Json, InvalidUtf8IsReplaced) {
  EXPECT_NO_THROW(render(Json{{"a", "\xff"}}, Format::kJson));
}

TEST(Json, IsParsedAsJson) {
  const auto read = parseDocument(" {\"a\": \"\\ud83d\\ude00\", \"b\": 1.5}\n");
  ASSERT_TRUE(read.ok()) << read.status().toString();
  EXPECT_EQ((*read)["a"], "\xF0\x9F\x98\x80");
  EXPECT_EQ((*read)["b"], 1.5);
  EXPECT_TRUE(parseDocument("{a: flow, b: [style]}").ok()) << "YAML may begin with a brace";
}

}  // namespace
}  // namespace profiling::cli
