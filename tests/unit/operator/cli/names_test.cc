#include "operator/cli/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::cli {
namespace {

using ::testing::HasSubstr;

TEST(Target, PoliciesAreNamedWithOrWithoutKind) {
  for (const char* text : {"checkout", "policy/checkout", "profilingpolicy/checkout",
                           "profpol/checkout", "ProfilingPolicy/checkout"}) {
    const auto name = parsePolicy(text);
    ASSERT_TRUE(name.ok()) << text;
    EXPECT_EQ(name->name, "checkout");
    EXPECT_FALSE(name->cluster);
  }
  EXPECT_TRUE(parsePolicy("clusterpolicy/prod")->cluster);
  EXPECT_TRUE(parsePolicy("cprofpol/prod", true)->cluster);
  EXPECT_TRUE(parsePolicy("prod", true)->cluster);
}

TEST(Target, WorkloadsAcceptKubectlsKindNames) {
  for (const auto& [text, kind] :
       {std::pair{"deploy/web", "Deployment"}, std::pair{"deployment.apps/web", "Deployment"},
        std::pair{"sts/web", "StatefulSet"}, std::pair{"Rollout/web", "Rollout"}}) {
    const auto target = parseTarget(text);
    ASSERT_TRUE(target.ok()) << text;
    EXPECT_EQ(std::get<WorkloadName>(*target).kind, kind);
    EXPECT_EQ(std::get<WorkloadName>(*target).name, "web");
  }
}

TEST(Target, ErrorsStateWhatIsAllowed) {
  for (const char* text : {"pod/web", "deployment/", "/web", "", "web/", "Checkout", "a/b/c",
                           "../secrets", "web%2f", "-web"}) {
    const auto target = parseTarget(text);
    ASSERT_FALSE(target.ok()) << text;
    EXPECT_THAT(target.status().message(), HasSubstr("must be a policy (NAME,")) << text;
  }
  EXPECT_THAT(parseTarget("policy/x", true).status().message(), HasSubstr("contradicts --cluster"));
  EXPECT_THAT(parsePolicy("deployment/web").status().message(), HasSubstr("is a workload"));
}

}  // namespace
}  // namespace profiling::cli
