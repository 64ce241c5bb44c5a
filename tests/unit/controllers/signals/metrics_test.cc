#include "controllers/signals/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/base/time_text.h"
#include "tests/support/fake_http.h"

namespace profiling::signals {
namespace {

using testing::HasSubstr;

std::string podItem(const std::string& name, const std::string& containers,
                    const std::string& timestamp = R"("2026-08-01T12:00:00Z")") {
  return R"({"metadata":{"name":")" + name + R"("},"timestamp":)" + timestamp +
         R"(,"window":"15s","containers":)" + containers + "}";
}
std::string podList(const std::string& items) {
  return R"({"kind":"PodMetricsList","apiVersion":"metrics.k8s.io/v1beta1","items":[)" + items +
         "]}";
}
constexpr const char* kOne = R"([{"name":"a","usage":{"cpu":"100m","memory":"10Mi"}}])";

TEST(PodMetrics, SumsTheContainersOfAPod) {
  const auto got = parsePodMetrics(
      podList(podItem("web-1", R"([{"name":"a","usage":{"cpu":"100000001n","memory":"10Mi"}},
                   {"name":"b","usage":{"cpu":"50m","memory":"1024"}}])")));
  ASSERT_TRUE(got.ok()) << got.status().toString();
  ASSERT_EQ(got->size(), 1u);
  EXPECT_EQ(got->at(0).name, "web-1");
  EXPECT_EQ(got->at(0).cpu_milli, 150);
  EXPECT_EQ(got->at(0).memory_bytes, 10 * 1048576 + 1024);
  EXPECT_EQ(formatRfc3339(got->at(0).timestamp), "2026-08-01T12:00:00Z");
}

TEST(PodMetrics, AnUnreadablePodCountsAsNotMeasured) {
  const std::string huge =
      R"([{"usage":{"cpu":"8e15","memory":"1"}},{"usage":{"cpu":"8e15","memory":"1"}}])";
  const std::string items =
      podItem("good", kOne) + "," + podItem("none", "[]") + "," + podItem("object", "{}") + "," +
      podItem("half", R"([{"usage":{"cpu":"1m","memory":"1"}},{"usage":{"cpu":"1m"}}])") + "," +
      podItem("number", R"([{"usage":{"cpu":1,"memory":"1"}}])") + "," +
      podItem("usage", R"([{"usage":"1"}])") + "," + podItem("huge", huge) + "," +
      podItem("time", kOne, "7") + "," + podItem("day", kOne, R"("yesterday")") + "," +
      podItem("", kOne) + R"(,7,null,{},{"metadata":7,"containers":7})";
  const auto got = parsePodMetrics(podList(items));
  ASSERT_TRUE(got.ok());
  ASSERT_EQ(got->size(), 1u);
  EXPECT_EQ(got->at(0).name, "good");
}

TEST(PodMetrics, RefusesOtherDocuments) {
  const std::string whole = podList(podItem("web-1", kOne));
  for (const std::string& bad :
       {std::string(), std::string("<html>busy</html>"), std::string("[]"), std::string("{}"),
        std::string(R"({"kind":"Status"})"), std::string(R"({"kind":"PodMetricsList"})"),
        std::string(R"({"kind":"PodMetricsList","items":{}})"), whole.substr(0, whole.size() - 5),
        std::string(100000, '[')}) {
    EXPECT_EQ(parsePodMetrics(bad).status().code(), Code::kInvalidArgument) << bad.substr(0, 80);
  }
  EXPECT_TRUE(parsePodMetrics(podList(""))->empty());
}

TEST(PodMetrics, AreReadWithOneGet) {
  test::FakeHttp http;
  net::Response answer = test::FakeHttp::json(200, podList(podItem("web-1", kOne)));
  http.onSend([&](const net::Request&) { return answer; });
  kube::Client client(http);
  const auto read = [&](std::string_view namespace_) {
    return readPodMetrics(client, namespace_, std::chrono::seconds(5), {});
  };
  EXPECT_EQ(read("shop")->size(), 1u);
  ASSERT_EQ(http.calls().size(), 1u);
  EXPECT_EQ(http.calls()[0].request.target, "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods");
  EXPECT_EQ(http.calls()[0].request.method, net::Method::kGet);

  answer = test::FakeHttp::json(404, "404 page not found");
  EXPECT_EQ(read("shop").status().code(), Code::kNotFound);
  answer = test::FakeHttp::json(503, "error trying to reach service");
  EXPECT_EQ(read("shop").status().code(), Code::kUnavailable);
  answer = test::FakeHttp::json(200, "<html>");
  EXPECT_EQ(read("shop").status().code(), Code::kInvalidArgument);
  EXPECT_THAT(read("shop").status().message(), HasSubstr("metrics of pods in shop"));
  EXPECT_EQ(read("").status().code(), Code::kInvalidArgument) << "not of the whole cluster";
}

}  // namespace
}  // namespace profiling::signals
