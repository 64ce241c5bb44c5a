#include "webhooks/agents/scrape/push_request.h"

#include <gmock/gmock.h>

#include "webhooks/agents/scrape/pprof/wire.h"

namespace profiling::scrape {
namespace {

using testing::ElementsAre;

// Labels as name=value and the profile of each series.
std::vector<std::string> seriesOf(std::string_view request) {
  std::vector<std::string> out;
  WireReader reader(request);
  for (WireField series; reader.next(series);) {
    std::string text;
    WireReader parts(series.bytes);
    for (WireField part; parts.next(part);) {
      WireReader pair(part.bytes);
      for (WireField f; pair.next(f);) {
        text += f.bytes;
        text += part.number == 1 && f.number == 1 ? "=" : " ";
      }
    }
    out.push_back(text);
  }
  EXPECT_TRUE(reader.ok());
  return out;
}

TEST(PushRequest, NamesEveryProfileAndMarksItAsADifference) {
  const auto request = encodePush({"block", "B"}, {{"service_name", "shop"}});
  EXPECT_THAT(seriesOf(request),
              ElementsAre("service_name=shop __delta__=false __name__=block B "));
}

TEST(Judge, OnlyTransientErrorsAreRetried) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(judge(status, true, 0), Verdict::kRetry) << status;
  }
  for (const int status : {301, 400, 401, 403, 404, 413, 415, 422}) {
    EXPECT_EQ(judge(status, true, 0), Verdict::kRefused) << status;
  }
  EXPECT_EQ(judge(200, true, 0), Verdict::kStored);
}

TEST(Judge, WhatMayBeStoredIsNotSentAgain) {
  EXPECT_EQ(judge(0, true, 0), Verdict::kUnknown);
  EXPECT_EQ(judge(0, false, 0), Verdict::kRetry) << "the server is away, or the body is incomplete";
}

TEST(Judge, AnUnreadableProfileIsGivenUp) {
  EXPECT_EQ(judge(500, true, kMaxAttempts - 1), Verdict::kRefused);
  EXPECT_EQ(judge(503, true, 1000), Verdict::kRetry)
      << "the server is away, the profile may be fine";
  EXPECT_EQ(judge(429, true, 1000), Verdict::kRetry);
}

TEST(RetryAfter, ReadsSecondsOnly) {
  using namespace std::chrono_literals;
  EXPECT_EQ(retryAfter(" 7 "), 7s);
  EXPECT_EQ(retryAfter("86400"), 300s);
  EXPECT_EQ(retryAfter(""), std::nullopt);
  EXPECT_EQ(retryAfter("-1"), std::nullopt);
  EXPECT_EQ(retryAfter("Wed, 21 Oct 2026 07:28:00 GMT"), std::nullopt);
}

}  // namespace
}  // namespace profiling::scrape
