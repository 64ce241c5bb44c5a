#include "operator/cli/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/cli/support.h"

namespace profiling::cli {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr const char* kMoving =
    "phase: Progressing, targetRevision: bbbb, stableRevision: aaaa, "
    "rollout: {revision: bbbb, wave: 0, waves: 1, step: 1, steps: 3}";

Json annotations(const Request& request) {
  return request.patch.at("metadata").at("annotations");
}

TEST(Requests, PauseAndResumeSetOneFieldUnlessItIsSet) {
  auto pause = requestOf(Verb::kPause, policy("", kMoving), noon());
  EXPECT_EQ(pause->patch, yaml("{spec: {rollout: {paused: true}}}"));
  EXPECT_EQ(pause->done, "paused");
  const Policy paused = policy("rollout: {paused: true}", kMoving);
  EXPECT_TRUE(requestOf(Verb::kPause, paused, noon())->patch.is_null());
  EXPECT_EQ(requestOf(Verb::kResume, paused, noon())->patch,
            yaml("{spec: {rollout: {paused: false}}}"));
  EXPECT_TRUE(requestOf(Verb::kResume, policy("", kMoving), noon())->patch.is_null());
}

TEST(Requests, PromoteNamesTheNextStepOfTheRevision) {
  const auto next = requestOf(Verb::kPromote, policy("", kMoving), noon());
  EXPECT_EQ(annotations(*next), Json({{"profiling.dev/promote", "bbbb/0/2"}}));
  EXPECT_EQ(next->done, "promoted to step 2/3 of revision bbbb");
  const auto full = requestOf(Verb::kPromoteFull, policy("", kMoving), noon());
  EXPECT_EQ(annotations(*full), Json({{"profiling.dev/promote", "bbbb"}}));
}

TEST(Requests, LastStepIsFollowedByTheNextWave) {
  const std::string last = "targetRevision: b, rollout: {revision: b, step: 3, steps: 3, ";
  const auto wave = requestOf(Verb::kPromote, policy("", last + "wave: 0, waves: 2}"), noon());
  EXPECT_EQ(annotations(*wave), Json({{"profiling.dev/promote", "b/1/1"}}));
  EXPECT_THAT(wave->done, HasSubstr("in wave 2/2"));
  const auto end = requestOf(Verb::kPromote, policy("", last + "wave: 1, waves: 2}"), noon());
  EXPECT_THAT(end.status().message(), HasSubstr("is in its last step (3/3)"));
}

TEST(Requests, APolicyWithoutStepsOrRevisionSaysWhatToDo) {
  EXPECT_THAT(requestOf(Verb::kPromote, policy("", "targetRevision: b"), noon()).status().message(),
              HasSubstr("'promote --full'"));
  EXPECT_THAT(requestOf(Verb::kAbort, policy("", ""), noon()).status().message(),
              HasSubstr("no target revision yet"));
}

TEST(Requests, AbortNamesTheRevisionAndRetryTakesItBack) {
  const auto abort = requestOf(Verb::kAbort, policy("", kMoving), noon());
  EXPECT_EQ(annotations(*abort), Json({{"profiling.dev/abort", "bbbb"}}));
  Policy aborted = policy("", kMoving);
  aborted.metadata.annotations["profiling.dev/abort"] = "bbbb";
  EXPECT_TRUE(requestOf(Verb::kAbort, aborted, noon())->patch.is_null());
  EXPECT_THAT(requestOf(Verb::kAbort, policy("", "targetRevision: a, stableRevision: a"), noon())
                  .status()
                  .message(),
              HasSubstr("nothing to abort"));
  const auto retry = requestOf(Verb::kRetry, aborted, noon());
  EXPECT_EQ(annotations(*retry), Json({{"profiling.dev/retry", "2026-08-01T12:00:00Z"},
                                       {"profiling.dev/abort", nullptr}}));
}

TEST(Requests, WorkloadVerbsSetOneField) {
  const auto held = workload("web", "rollout: {state: Paused, targetRevision: bbbb}");
  EXPECT_EQ(requestOf(Verb::kSkip, held)->patch, yaml("{spec: {skip: true}}"));
  EXPECT_EQ(requestOf(Verb::kPause, held)->patch, yaml("{spec: {paused: true}}"));
  EXPECT_EQ(requestOf(Verb::kApprove, held)->patch, yaml("{spec: {approve: bbbb}}"));
  const auto skipped = workload("web", "", "skip: true, paused: true");
  EXPECT_TRUE(requestOf(Verb::kSkip, skipped)->patch.is_null());
  EXPECT_EQ(requestOf(Verb::kUnskip, skipped)->patch, yaml("{spec: {skip: false}}"));
  EXPECT_EQ(requestOf(Verb::kResume, skipped)->patch, yaml("{spec: {paused: false}}"));
  EXPECT_THAT(requestOf(Verb::kApprove, skipped).status().message(),
              HasSubstr("no revision to approve"));
}

}  // namespace
}  // namespace profiling::cli
