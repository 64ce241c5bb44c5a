#include "operator/obs/client_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_http.h"

namespace profiling::obs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MeasuredClient, AnswersAndFailuresAreCountedByTheNamesOfClientGo) {
  test::FakeHttp http;
  Metrics metrics;
  MeasuredClient client(http, metrics, "10.0.0.1:6443");
  net::Request patch;
  patch.method = net::Method::kPatch;
  EXPECT_FALSE(client.send(patch, std::chrono::seconds(1), {}).ok());
  http.onSend([](const net::Request&) { return test::FakeHttp::json(409, "{}"); });
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(client.send(patch, std::chrono::seconds(1), {}).ok());
  const std::string text = metrics.text();
  EXPECT_THAT(
      text,
      HasSubstr(R"(rest_client_requests_total{code="409",host="10.0.0.1:6443",method="PATCH"} 2)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(rest_client_requests_total{code="<error>",host="10.0.0.1:6443",method="PATCH"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(rest_client_request_duration_seconds_count{host="10.0.0.1:6443",verb="PATCH"} 3)"));
}

TEST(MeasuredClient, StreamsAreCountedButNotTimed) {
  test::FakeHttp http;
  Metrics metrics;
  http.onStream(
      [](const auto&, const auto&, const auto&) { return test::FakeHttp::json(410, ""); });
  MeasuredClient client(http, metrics, "h");
  EXPECT_TRUE(client.stream({}, nullptr, {}, {}).ok());
  EXPECT_THAT(metrics.text(),
              HasSubstr(R"(rest_client_requests_total{code="410",host="h",method="GET"} 1)"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("rest_client_request_duration_seconds")));
}

}  // namespace
}  // namespace profiling::obs
