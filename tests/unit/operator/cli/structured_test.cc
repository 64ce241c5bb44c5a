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

TEST(Yaml, AnAliasStandsForWhatItNames) {
  EXPECT_EQ(*parseDocument("a: &x [1, 2]\nb: *x\n"), (Json{{"a", {1, 2}}, {"b", {1, 2}}}));
  EXPECT_THAT(parseDocument("a: &x [*x]").status().message(), HasSubstr("still open"));
}

TEST(Yaml, TextThatTheParserDoesNotConsumeIsAnError) {
  EXPECT_THAT(parseDocument("\t,t a\n\n").status().message(), HasSubstr("not YAML, line 1"));
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

std::string levels(int depth) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < depth; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j == 0 ? "" : ", ") + below;
    text += "]\n";
  }
  return text;
}

TEST(Yaml, AliasesAreReplacedWithinABudget) {
  const auto small = parseDocument(levels(3));
  ASSERT_TRUE(small.ok()) << small.status().toString();
  EXPECT_EQ((*small)["a2"][9][9][9], "x");
  const auto bomb = parseDocument(levels(9));
  EXPECT_THAT(bomb.status().message(), HasSubstr("line 7: with its aliases replaced, the input"));
  YamlBudget shared;
  std::size_t read = 0;
  while (parseDocuments(levels(6), 0, shared).ok()) ++read;
  EXPECT_LT(read, 20U) << "many documents share the budget of their input";
  std::string text = "a: &a " + std::string(1 << 20, 'x') + "\nb: [";
  for (int i = 0; i < 100; ++i) text += "*a, ";
  EXPECT_THAT(parseDocument(text + "]").status().message(), HasSubstr("MiB of text"));
}

TEST(Yaml, AliasesCannotNestDeeperThanText) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            "]\n";
  }
  EXPECT_THAT(parseDocument(text).status().message(), HasSubstr("nested deeper than 64"));
  EXPECT_FALSE(parseDocument("a: &a [*a]").ok());
}

TEST(Yaml, HiddenCharactersAreEscapedAndStayTheSame) {
  const Json value = {{"k", "a\xC2\x9B\xE2\x80\xAE\xF3\xA0\x81\x81z"}};
  for (const Format format : {Format::kJson, Format::kYaml}) {
    const std::string text = render(value, format);
    EXPECT_EQ(text.find('\xE2'), std::string::npos) << text;
    EXPECT_EQ(text.find('\xF3'), std::string::npos) << text;
    const auto read = parseDocument(text);
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_EQ(*read, value) << text;
  }
}

}  // namespace
}  // namespace profiling::cli
