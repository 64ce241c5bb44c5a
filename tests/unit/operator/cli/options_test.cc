#include "operator/cli/options.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::cli {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::string>;

Options parsed(const Words& words) {
  std::ostringstream out;
  std::ostringstream err;
  auto result = parseOptions("kubectl profiling", words, out, err);
  EXPECT_TRUE(std::holds_alternative<Options>(result)) << err.str();
  return std::holds_alternative<Options>(result) ? std::get<Options>(result) : Options{};
}

std::string refused(const Words& words) {
  std::ostringstream out;
  std::ostringstream err;
  auto result = parseOptions("kubectl profiling", words, out, err);
  EXPECT_EQ(std::get<int>(result), kUsage);
  EXPECT_EQ(out.str(), "");
  return err.str();
}

TEST(Options, FlagsMayPrecedeOrFollowTheCommand) {
  for (const Words& words : {Words{"-n", "shop", "--context=c", "rollout", "status", "checkout"},
                             Words{"rollout", "status", "checkout", "--context", "c", "-nshop"}}) {
    const Options options = parsed(words);
    EXPECT_EQ(options.namespace_, "shop");
    EXPECT_EQ(options.context, "c");
    EXPECT_EQ(options.target, "checkout");
    EXPECT_EQ(options.command, Command::kStatus);
  }
}

TEST(Options, PolicyMayHaveTheNameOfACommand) {
  EXPECT_EQ(parsed({"rollout", "status", "plan"}).target, "plan");
  EXPECT_EQ(parsed({"rollout", "pause", "rollout"}).target, "rollout");
  EXPECT_EQ(parsed({"plan", "status"}).target, "status");
}

TEST(Options, VerbsBecomeRequests) {
  EXPECT_EQ(parsed({"rollout", "pause", "x"}).verb, Verb::kPause);
  EXPECT_EQ(parsed({"rollout", "promote", "x"}).verb, Verb::kPromote);
  EXPECT_EQ(parsed({"rollout", "promote", "x", "--full"}).verb, Verb::kPromoteFull);
  EXPECT_EQ(parsed({"rollout", "skip", "deploy/x"}).verb, Verb::kSkip);
  const Options options = parsed({"approve", "sts/db", "--dry-run"});
  EXPECT_EQ(options.verb, Verb::kApprove);
  EXPECT_EQ(options.command, Command::kRequest);
  EXPECT_TRUE(options.dry_run);
}

TEST(Options, DurationsUseKubernetesUnits) {
  EXPECT_EQ(parsed({"rollout", "status", "x", "-w", "--timeout", "1h30m"}).timeout,
            std::chrono::minutes(90));
  EXPECT_EQ(parsed({"plan", "x", "--pod-start=90s"}).pod_start, std::chrono::seconds(90));
  EXPECT_THAT(refused({"rollout", "status", "x", "-w", "--timeout", "soon"}),
              HasSubstr("--timeout: "));
}

TEST(Options, UnknownCommandIsReportedWithTheKnownOnes) {
  EXPECT_THAT(refused({}),
              HasSubstr("a command is missing: 'kubectl profiling' has rollout, plan"));
  EXPECT_THAT(refused({"roll"}), HasSubstr("unknown command 'roll': 'kubectl profiling' has"));
  EXPECT_THAT(refused({"rollout"}), HasSubstr("'kubectl profiling rollout' has status, history"));
  EXPECT_THAT(refused({"rollout", "plan", "x"}), HasSubstr("unknown command 'plan'"));
}

TEST(Options, WrongUsageNamesTheFlag) {
  EXPECT_THAT(refused({"rollout", "pause"}), HasSubstr("is required"));
  EXPECT_THAT(refused({"rollout", "status", "x", "y"}), HasSubstr("y"));
  EXPECT_THAT(refused({"rollout", "status", "x", "-o", "xml"}), HasSubstr("json,yaml,wide"));
  EXPECT_THAT(refused({"rollout", "status", "x", "--nope"}), HasSubstr("--nope"));
  EXPECT_THAT(refused({"rollout", "status", "-w"}), HasSubstr("--watch needs a POLICY"));
  EXPECT_THAT(refused({"rollout", "status", "x", "-A"}), HasSubstr("name its namespace with -n"));
  EXPECT_THAT(refused({"rollout", "status", "x", "-w", "-o", "json"}),
              HasSubstr("-o must be wide"));
  EXPECT_THAT(refused({"rollout", "status", "deploy/x"}), HasSubstr("is a workload"));
  EXPECT_THAT(refused({"rollout", "abort", "deploy/x"}), HasSubstr("is a workload"));
  EXPECT_THAT(refused({"skip", "checkout"}), HasSubstr("must be a workload"));
  EXPECT_THAT(refused({"rollout", "status", "-n", "a/b"}), HasSubstr("namespace 'a/b' must be"));
  EXPECT_THAT(refused({"plan"}), HasSubstr("exactly one of POLICY and -f FILE"));
}

TEST(Options, ClusterAppliesToPoliciesOnly) {
  EXPECT_TRUE(parsed({"rollout", "pause", "x", "--cluster"}).cluster);
  EXPECT_TRUE(parsed({"rollout", "history", "x", "--cluster"}).cluster);
  for (const char* verb : {"skip", "unskip", "approve", "pause", "resume"}) {
    EXPECT_THAT(refused({verb, "deploy/x", "--cluster"}), HasSubstr("--cluster")) << verb;
  }
}

TEST(Options, HelpHasExamplesForEachCommand) {
  for (const Words& words :
       {Words{"--help"}, Words{"rollout", "status", "-h"}, Words{"rollout", "promote", "-h"},
        Words{"plan", "--help"}, Words{"skip", "--help"}}) {
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(std::get<int>(parseOptions("kubectl profiling", words, out, err)), 0);
    EXPECT_THAT(out.str(), HasSubstr("Example"));
    EXPECT_EQ(err.str(), "");
  }
}

}  // namespace
}  // namespace profiling::cli
