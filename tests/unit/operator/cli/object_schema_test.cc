// lint refuses what the API server refuses: the schemas of crds with their CEL rules.
#include "operator/cli/pods/object_schema.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/api/v1alpha1/endpoint_url.h"
#include "operator/cli/pods/lint.h"
#include "operator/cli/pods/schema_rules.h"
#include "operator/cli/pods/settings.h"
#include "tests/support/yaml_json.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kInvalid = "tests/unit/operator/api/invalid";

std::vector<Finding> lintFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  const auto documents = readDocuments(path.string(), text.str());
  EXPECT_TRUE(documents.ok()) << documents.status().toString();
  if (!documents.ok()) return {};
  return lint(*documents, "invalid", *chartSettings({}));
}

bool hasError(const std::vector<Finding>& found) {
  return std::ranges::any_of(found, &Finding::error);
}

// Calls `see` with each schema node.
void walk(const Json& node, const std::function<void(const Json&)>& see) {
  if (!node.is_structured()) return;
  if (node.is_object()) see(node);
  for (const Json& child : node) walk(child, see);
}

TEST(ObjectSchema, EveryKindOfCrdsIsBuiltIn) {
  for (const char* kind :
       {"ProfilingPolicy", "ClusterProfilingPolicy", "ProfilingServer", "WorkloadProfile"}) {
    EXPECT_TRUE(schemaOf(kind).contains("properties")) << kind;
  }
  EXPECT_TRUE(schemaOf("Deployment").is_null());
}

TEST(ObjectSchema, EveryRuleAndPatternHasAFunction) {
  std::size_t rules = 0;
  for (const char* kind :
       {"ProfilingPolicy", "ClusterProfilingPolicy", "ProfilingServer", "WorkloadProfile"}) {
    walk(schemaOf(kind), [&](const Json& node) {
      if (node.contains("pattern") && node["pattern"].is_string()) {
        EXPECT_TRUE(patternRule(node["pattern"].get<std::string>())) << node["pattern"];
      }
      if (!node.contains("x-kubernetes-validations")) return;
      for (const Json& each : node["x-kubernetes-validations"]) {
        ++rules;
        EXPECT_TRUE(celRule(each["rule"].get<std::string>()))
            << "add a function for this rule to schema_rules.cc: " << each["rule"];
      }
    });
  }
  EXPECT_GT(rules, 50U);
  EXPECT_FALSE(celRule("self.size() == 7"));
  EXPECT_FALSE(patternRule("^x$"));
}

TEST(ObjectSchema, TheUrlsRulesSpeakTheWordsOfTheCrd) {
  std::vector<std::string> messages;
  const Json& url = schemaOf("ProfilingPolicy")
                        .at("/properties/spec/properties/endpoint/properties/url"_json_pointer);
  for (const Json& each : url["x-kubernetes-validations"]) messages.push_back(each["message"]);
  EXPECT_EQ(messages,
            (std::vector<std::string>{std::string(api::endpointProblem("ftp://a")),
                                      std::string(api::endpointProblem("http://[::1]"))}));
}

class InvalidObjects : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(InvalidObjects, AreRefused) {
  EXPECT_TRUE(hasError(lintFile(GetParam())));
}

std::string stem(const testing::TestParamInfo<std::filesystem::path>& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, InvalidObjects, testing::ValuesIn(test::yamlFiles(kInvalid)), stem);

class ValidObjects : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ValidObjects, AreNotRefused) {
  for (const Finding& f : lintFile(GetParam())) EXPECT_FALSE(f.error) << f.field << f.message;
}

INSTANTIATE_TEST_SUITE_P(Samples, ValidObjects, testing::ValuesIn(test::yamlFiles("crds/samples")),
                         stem);

Json policy(const std::string& spec) {
  return Json::parse(
      R"({"apiVersion":"profiling.dev/v1alpha1","kind":"ProfilingPolicy","metadata":{"name":"a"},"spec":)" +
      spec + "}");
}

TEST(ObjectSchema, ProblemsNameTheFieldAndWhatIsAllowed) {
  const auto found = schemaProblems(
      policy(R"({"endpoint":{"url":"http://me@a"},"priority":5000,"languages":["Java","Java"]})"));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].field, "/spec/endpoint/url");
  EXPECT_THAT(found[0].message, HasSubstr("no user"));
  EXPECT_EQ(found[1].field, "/spec/languages/1");
  EXPECT_THAT(found[2].message, HasSubstr("5000 must be at most 1000"));
  EXPECT_THAT(schemaProblems(policy(R"({"endpoint":{"url":"http://a.b:4040/x"}})")), IsEmpty());
}

}  // namespace
}  // namespace profiling::cli
