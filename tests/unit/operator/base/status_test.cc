#include "operator/base/status.h"

#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace profiling {
namespace {

using namespace std::chrono_literals;

constexpr Code kAll[] = {Code::kOk,
                         Code::kInvalidArgument,
                         Code::kNotFound,
                         Code::kAlreadyExists,
                         Code::kConflict,
                         Code::kGone,
                         Code::kUnauthenticated,
                         Code::kPermissionDenied,
                         Code::kTooLarge,
                         Code::kRateLimited,
                         Code::kUnavailable,
                         Code::kDeadlineExceeded,
                         Code::kCancelled,
                         Code::kTls,
                         Code::kInternal};

TEST(Status, DefaultIsOk) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().code(), Code::kOk);
  EXPECT_EQ(Status().toString(), "OK");
}

TEST(Status, EveryCodeHasAName) {
  std::set<std::string_view> names;
  for (const Code code : kAll) names.insert(codeName(code));
  EXPECT_EQ(names.size(), std::size(kAll));
  EXPECT_EQ(Status(Code::kUnavailable, "refused").toString(), "Unavailable: refused");
}

TEST(Status, AnnotationKeepsCodeAndRetryAfter) {
  const Status inner = Status(Code::kRateLimited, "slow down").withRetryAfter(7s);
  const Status outer = inner.annotated("GET /x");
  EXPECT_EQ(outer.message(), "GET /x: slow down");
  EXPECT_EQ(outer.code(), Code::kRateLimited);
  EXPECT_EQ(outer.retryAfter(), 7s);
  EXPECT_EQ(Status(Code::kGone, "").retryAfter(), std::nullopt);
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<std::string> good(std::string("abc"));
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->size(), 3u);
  EXPECT_TRUE(good.status().ok());
  const Result<std::string> bad(Code::kNotFound, "x");
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().code(), Code::kNotFound);
}

TEST(Result, AValueThatOnlyMovesCanBeTaken) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

}  // namespace
}  // namespace profiling
