#include "controllers/signals/arrival.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/signals/fake_queries.h"

namespace profiling::signals {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const Time kSince = Time(seconds(1'785'585'600));

ArrivalQuestion question() {
  ArrivalQuestion q;
  q.server = {"profiling", "pyroscope"};
  q.scope = {"shop", "workload", "web"};
  q.pods = {{"web-1", kSince}, {"web-2", kSince}};
  q.since = kSince;
  q.now = kSince + minutes(10);
  return q;
}

std::string series(const std::string& pod, int seconds_later) {
  return R"({"labels":[{"name":"pod","value":")" + pod +
         R"("}],"points":[{"value":1,"timestamp":")" +
         std::to_string((1'785'585'600 + seconds_later) * 1000LL) + R"("}]})";
}

class Arrival : public testing::Test {
 protected:
  Arrival() {
    queries_.answer = [this](const test::FakeQueries::Call& call) -> Result<std::string> {
      if (call.url.ends_with("/LabelValues")) return types_;
      for (const auto& [type, body] : series_) {
        if (call.body.find(type) != std::string::npos) return body;
      }
      return std::string("{}");
    };
  }
  Result<LastSeen> read(const ArrivalQuestion& q = question()) {
    return ArrivalReader(queries_).read(q, {});
  }

  test::FakeQueries queries_;
  std::string types_ = R"({"names":["process_cpu:cpu:a:b:c","memory:x:y:z:z"]})";
  std::map<std::string, std::string> series_;
};

TEST_F(Arrival, StopsWhenEveryPodWasFound) {
  series_["process_cpu"] =
      R"({"series":[)" + series("web-1", 60) + "," + series("web-2", 75) + "]}";
  const auto seen = read();
  ASSERT_TRUE(seen.ok()) << seen.status().toString();
  EXPECT_THAT(
      *seen, ElementsAre(Pair("web-1", kSince + seconds(45)), Pair("web-2", kSince + seconds(60))));
  ASSERT_EQ(queries_.calls.size(), 2u);
  EXPECT_EQ(queries_.calls[0].url,
            "http://pyroscope.profiling.svc:4040/querier.v1.QuerierService/LabelValues");
  EXPECT_EQ(queries_.calls[1].url,
            "http://pyroscope.profiling.svc:4040/querier.v1.QuerierService/SelectSeries");
  EXPECT_THAT(queries_.calls[0].headers, IsEmpty());
}

TEST_F(Arrival, AsksForOtherProfileTypesWhileAPodIsMissing) {
  series_["process_cpu"] = R"({"series":[)" + series("web-1", 60) + "]}";
  series_["memory"] = R"({"series":[)" + series("web-2", 90) + "," + series("web-1", 30) + "]}";
  const auto seen = read();
  ASSERT_TRUE(seen.ok());
  EXPECT_THAT(
      *seen, ElementsAre(Pair("web-1", kSince + seconds(45)), Pair("web-2", kSince + seconds(75))));
  EXPECT_EQ(queries_.calls.size(), 3u);
}

TEST_F(Arrival, ProfilesOfAPredecessorOfTheSameNameDoNotCount) {
  ArrivalQuestion q = question();
  q.pods = {{"db-0", kSince + minutes(5)}};
  series_["process_cpu"] = R"({"series":[)" + series("db-0", 60) + "]}";
  series_["memory"] = R"({"series":[)" + series("db-0", 400) + "]}";
  const auto seen = read(q);
  ASSERT_TRUE(seen.ok());
  EXPECT_THAT(*seen, ElementsAre(Pair("db-0", kSince + seconds(385))));
}

TEST_F(Arrival, ProfilesBeforeTheTimeDoNotCount) {
  series_["process_cpu"] = R"({"series":[)" + series("web-1", 0) + "," + series("web-2", 10) + "]}";
  const auto seen = read();
  ASSERT_TRUE(seen.ok());
  EXPECT_THAT(*seen, IsEmpty()) << "the first step may hold profiles from before the range";
  types_ = "{}";
  EXPECT_THAT(*read(), IsEmpty()) << "nothing has ever come";
}

TEST_F(Arrival, AnErrorOfAnyQueryIsReturned) {
  series_["process_cpu"] = R"({"series":[)" + series("web-1", 60) + "]}";
  series_["memory"] = "<html>";
  EXPECT_EQ(read().status().code(), Code::kInvalidArgument);
  types_ = "{";
  EXPECT_EQ(read().status().code(), Code::kInvalidArgument);
  queries_.answer = [](const auto&) { return Status(Code::kUnavailable, "HTTP 503: x"); };
  EXPECT_EQ(read().status().code(), Code::kUnavailable);
  EXPECT_THAT(read().status().message(), HasSubstr("LabelValues of profiling/pyroscope"));
}

TEST_F(Arrival, NamesTheTenantWhereTheServerHasTenants) {
  ArrivalQuestion q = question();
  q.tenant = "shop";
  ASSERT_TRUE(read(q).ok());
  for (const auto& call : queries_.calls) {
    ASSERT_EQ(call.headers.size(), 1u);
    EXPECT_EQ(call.headers[0].name, "X-Scope-OrgID");
    EXPECT_EQ(call.headers[0].value, "shop");
  }
}

TEST_F(Arrival, AsksForLessThanADay) {
  ArrivalQuestion q = question();
  q.since = q.now - hours(240);
  ASSERT_TRUE(read(q).ok());
  const auto first = q.now - hours(23);
  EXPECT_THAT(queries_.calls[0].body,
              HasSubstr("\"start\":" + std::to_string(first.time_since_epoch() / seconds(1))));
}

TEST(ServerUrl, IsMadeOnlyFromValidServiceNames) {
  EXPECT_EQ(*serverUrl({"profiling", "pyroscope"}, {}), "http://pyroscope.profiling.svc:4040");
  const AddressOverrides overrides{{"profiling/pyroscope", "127.0.0.1:8080"}};
  EXPECT_EQ(*serverUrl({"profiling", "pyroscope"}, overrides), "http://127.0.0.1:8080");
  EXPECT_EQ(*serverUrl({"other", "pyroscope"}, overrides), "http://pyroscope.other.svc:4040");
  for (const char* bad : {"", "a.b", "a/b", "a@b", "a:1", "A", "-a", "a-", "a b", "a#", "a\n"}) {
    EXPECT_EQ(serverUrl({"profiling", bad}, {}).status().code(), Code::kInvalidArgument) << bad;
    EXPECT_EQ(serverUrl({bad, "pyroscope"}, {}).status().code(), Code::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace profiling::signals
