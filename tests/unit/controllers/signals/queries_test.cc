#include "controllers/signals/queries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::signals {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const Time kFrom = Time(seconds(1'785'585'600));
const Time kTo = kFrom + minutes(10);

TEST(Queries, BodiesMatchTheServersApi) {
  const Scope scope{"shop", "workload", "web"};
  EXPECT_EQ(profileTypesBody(scope, kFrom, kTo),
            R"({"name":"__profile_type__","matchers":["{namespace=\"shop\",workload=\"web\"}"],)"
            R"("start":1785585600000,"end":1785586200000})");
  EXPECT_EQ(seriesBody(scope, "wall:cpu:nanoseconds:wall:nanoseconds", kFrom, kTo, seconds(15)),
            R"({"profileTypeID":"wall:cpu:nanoseconds:wall:nanoseconds",)"
            R"("labelSelector":"{namespace=\"shop\",workload=\"web\"}","groupBy":["pod"],)"
            R"("step":15,"start":1785585600000,"end":1785586200000})");
  EXPECT_EQ(selectorOf({"shop", "", ""}), R"({namespace="shop"})");
}

TEST(Queries, AValueCannotLeaveItsQuotes) {
  EXPECT_EQ(selectorOf({"shop", "service_name", "a\"} or {b=\"\\\n"}),
            R"({namespace="shop",service_name="a\"} or {b=\"\\\n"})");
}

TEST(Queries, ReadsNames) {
  EXPECT_THAT(*parseNames(R"({"names":["a","b"]})"), ElementsAre("a", "b"));
  EXPECT_THAT(*parseNames("{}"), IsEmpty()) << "an empty list is left out";
  EXPECT_THAT(*parseNames(R"({"names":["a",7,null,"",["b"]]})"), ElementsAre("a"));
}

TEST(Queries, RefusesInvalidAnswers) {
  for (const char* bad : {"", "<html>busy</html>", "[]", "7", "null", R"({"names":["a")",
                          R"({"names":"a"})", R"({"names":{}})"}) {
    EXPECT_EQ(parseNames(bad).status().code(), Code::kInvalidArgument) << bad;
  }
  for (const char* bad :
       {"", "<html>", "[]", R"({"series":[{"labels":[)", R"({"series":{}})", R"({"series":"x"})"}) {
    EXPECT_EQ(parseSeries(bad, seconds(15)).status().code(), Code::kInvalidArgument) << bad;
  }
  EXPECT_FALSE(parseSeries(std::string(200000, '['), seconds(15)).ok());
}

TEST(Queries, AsksForOneTypeOfEachKindTheLikeliestFirst) {
  EXPECT_THAT(
      typesToAsk({"block:delay:nanoseconds:contentions:count",
                  "memory:alloc_space:bytes:space:bytes", "memory:inuse_space:bytes:space:bytes",
                  "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
                  "process_cpu:samples:count:cpu:nanoseconds",
                  "wall:wall:nanoseconds:wall:nanoseconds", "zoo:a:b:c:d"}),
      ElementsAre(
          "process_cpu:cpu:nanoseconds:cpu:nanoseconds", "wall:wall:nanoseconds:wall:nanoseconds",
          "block:delay:nanoseconds:contentions:count", "memory:alloc_space:bytes:space:bytes"));
  EXPECT_THAT(typesToAsk({}), IsEmpty());
}

TEST(Queries, ReadsEachPodsLastTime) {
  const auto seen = parseSeries(
      R"({"series":[
        {"labels":[{"name":"pod","value":"web-1"}],"points":[
          {"value":5,"timestamp":"1785585615000"},{"value":0,"timestamp":"1785585660000"},
          {"value":5,"timestamp":"1785585645000"}]},
        {"labels":[{"name":"other","value":"x"},{"name":"pod","value":"web-2"}],
         "points":[{"timestamp":1785585630000}]},
        {"labels":[{"name":"pod","value":"web-2"}],"points":[{"timestamp":"1785585615000"}]}]})",
      seconds(15));
  ASSERT_TRUE(seen.ok()) << seen.status().toString();
  EXPECT_THAT(*seen,
              ElementsAre(Pair("web-1", kFrom + seconds(45)), Pair("web-2", kFrom + seconds(15))));
  EXPECT_THAT(*parseSeries("{}", seconds(15)), IsEmpty());
}

TEST(Queries, UnreadablePointsProveNothing) {
  const auto seen = parseSeries(
      R"({"series":[7,null,{},{"labels":[],"points":[{"timestamp":"1785585615000"}]},
        {"labels":{"name":"pod"},"points":[]},
        {"labels":[{"name":"pod","value":7}],"points":[{"timestamp":"1785585615000"}]},
        {"labels":[{"name":"pod","value":"a"}],"points":[]},
        {"labels":[{"name":"pod","value":"b"}],"points":{}},
        {"labels":[{"name":"pod","value":"c"}],"points":[{"value":1},7,{"timestamp":"x"},
          {"timestamp":"-5"},{"timestamp":"1785585615000x"},{"timestamp":1.5},{"timestamp":null},
          {"timestamp":"99999999999999999999999"},{"timestamp":"9223372036854775807"},
          {"timestamp":9223372036854775807},{"timestamp":18446744073709551615}]}]})",
      seconds(15));
  ASSERT_TRUE(seen.ok()) << seen.status().toString();
  EXPECT_THAT(*seen, IsEmpty());
}

TEST(Queries, TheStepKeepsTheAnswerSmall) {
  EXPECT_EQ(stepFor(minutes(10), 3), seconds(15));
  EXPECT_EQ(stepFor(minutes(10), 0), seconds(15));
  EXPECT_EQ(stepFor(minutes(10), 1'500), seconds(60));
  EXPECT_EQ(stepFor(minutes(10), 1'000'000), minutes(5)) << "two points at least";
  EXPECT_EQ(stepFor(milliseconds(0), 1), seconds(15));
  EXPECT_LE(hours(23) / stepFor(hours(23), 20) * 20, 15'200);
}

}  // namespace
}  // namespace profiling::signals
