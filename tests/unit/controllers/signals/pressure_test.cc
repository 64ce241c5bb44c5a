#include "controllers/signals/pressure.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/signals/fake_queries.h"

namespace profiling::signals {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kText = R"(# HELP pyroscope_build_info Version
# TYPE pyroscope_build_info gauge
pyroscope_build_info{version="2.2.1"} 1
pyroscope_discarded_samples_total{reason="rate_limited",tenant="a"} 5
pyroscope_discarded_samples_total{reason="rate_limited",tenant="b"} 2
pyroscope_discarded_samples_total{reason="dropped_by_sampling_rules",tenant="b"} 700
pyroscope_request_duration_seconds_bucket{route="ingest",status_code="500",le="1"} 9
pyroscope_request_duration_seconds_count{method="POST",route="ingest",status_code="200",ws="false"} 1000
pyroscope_request_duration_seconds_count{method="POST",route="ingest",status_code="429",ws="false"} 3
pyroscope_request_duration_seconds_count{method="POST",route="/push.v1.PusherService/Push",status_code="503",ws="false"} 1
pyroscope_request_duration_seconds_count{method="POST",route="querier_v1_querierservice_series",status_code="500",ws="false"} 50
objstore_bucket_operation_failures_total{bucket="b",operation="upload"} 4
objstore_bucket_operation_failures_total{bucket="b",operation="get"} 40
)";

PressureCounters parsed(const std::string& text) {
  const auto got = parsePressure(text);
  EXPECT_TRUE(got.ok()) << got.status().toString();
  return got.ok() ? *got : PressureCounters();
}

TEST(Pressure, ReadsTheCountersOfRefusedProfiles) {
  const PressureCounters got = parsed(kText);
  EXPECT_THAT(got.discarded, ElementsAre(Pair("rate_limited", 7)));
  EXPECT_THAT(got.refused, ElementsAre(Pair("429", 3), Pair("503", 1)));
  EXPECT_EQ(got.failed_uploads, 4);
}

TEST(Pressure, UnchangedCountersAreNoPressure) {
  EXPECT_EQ(pressureBetween(parsed(kText), parsed(kText)), "");
  EXPECT_EQ(pressureBetween({}, {}), "");
}

TEST(Pressure, NamesTheCountersThatRose) {
  const PressureCounters before = parsed(kText);
  PressureCounters after = before;
  after.discarded["rate_limited"] += 4;
  after.discarded["series_limit"] = 1;
  EXPECT_EQ(pressureBetween(before, after),
            "it discards profiles (rate_limited: 4, series_limit: 1)");
  after.refused["429"] += 2;
  after.failed_uploads += 1;
  EXPECT_EQ(
      pressureBetween(before, after),
      "it discards profiles (rate_limited: 4, series_limit: 1) and refuses pushes (429: 2) and "
      "fails to write to its bucket (1)");
}

TEST(Pressure, ARestartedCounterRoseByItsValue) {
  PressureCounters before, after;
  before.discarded["rate_limited"] = 100;
  EXPECT_EQ(pressureBetween(before, after), "") << "a server that has just started";
  after.discarded["rate_limited"] = 3;
  EXPECT_EQ(pressureBetween(before, after), "it discards profiles (rate_limited: 3)");
}

TEST(Pressure, RefusesAnIncompleteAnswer) {
  const std::string whole = kText;
  for (const std::string& bad :
       {std::string(), std::string("up 1"), std::string("<html>\n<body>busy</body>\n</html>\n"),
        std::string("{\"status\":\"error\"}\n"), std::string("\n\n"),
        whole.substr(0, whole.find("tenant=\"b\"")),
        std::string("up 1\npyroscope_discarded_samples_total{reason=\"x\n"),
        std::string("up 1\npyroscope_discarded_samples_total{reason=\"x\"} -1\n"),
        std::string("up 1\npyroscope_discarded_samples_total{reason=\"x\"} NaN\n"),
        std::string("up 1\npyroscope_discarded_samples_total{reason=\"x\"} +Inf\n"),
        std::string("up 1\npyroscope_discarded_samples_total{reason=\"x\"} 1e30\n"),
        std::string("up 1\npyroscope_discarded_samples_total{reason=\"x\"} many\n")}) {
    EXPECT_EQ(parsePressure(bad).status().code(), Code::kInvalidArgument) << bad;
  }
  EXPECT_THAT(parsed("up 1\n").discarded, IsEmpty()) << "counters appear with their first event";
}

TEST(Pressure, KeysAreBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "pyroscope_discarded_samples_total{reason=\"" + std::to_string(i) + "\"} 1\n";
  }
  text += "pyroscope_discarded_samples_total{reason=\"" + std::string(10000, 'x') + "\"} 1\n";
  const PressureCounters got = parsed(text);
  EXPECT_LE(got.discarded.size(), 33u);
  EXPECT_EQ(got.discarded.at("others"), 1001 - 32);
  const PressureCounters odd = parsed(
      "pyroscope_discarded_samples_total{reason=\"a\\nb\"} 1\n"
      "pyroscope_discarded_samples_total 2\n");
  EXPECT_THAT(odd.discarded, ElementsAre(Pair("a b", 1), Pair("unknown", 2)));
}

TEST(Pressure, IsReadFromTheServersOwnService) {
  test::FakeQueries queries;
  queries.answer = [](const auto&) { return std::string(kText); };
  const auto read = [&] {
    return readPressure(queries, {"profiling", "pyroscope"}, {}, std::chrono::seconds(5), {});
  };
  EXPECT_EQ(read()->failed_uploads, 4);
  EXPECT_EQ(queries.calls[0].url, "http://pyroscope.profiling.svc:4040/metrics");
  queries.answer = [](const auto&) { return std::string("<html>"); };
  EXPECT_THAT(read().status().message(), HasSubstr("metrics of profiling/pyroscope"));
}

}  // namespace
}  // namespace profiling::signals
