// Which events are made, what becomes of many, and what reaches the API server.
#include "controllers/events/recorder.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/fake_http.h"
#include "tests/support/wait_for.h"

namespace profiling::controllers {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const EventSubject kShop{"profiling.dev/v1alpha1", "ProfilingPolicy", "shop", "checkout", "uid-1"};

Event event(const std::string& note, const std::string& reason = "ServerNotReady") {
  return {kShop, true, reason, "Reconcile", note};
}
api::Condition condition(const std::string& status, const std::string& reason,
                         const std::string& message = "why") {
  return {"Ready", status, reason, message, "", 1};
}

TEST(EventsOf, OnlyAChangedStatusOrReasonEmitsAnEvent) {
  const auto down = condition("False", "ServerNotReady");
  EXPECT_TRUE(
      eventsOf(kShop, {down}, {condition("False", "ServerNotReady", "other words")}).empty());
  EXPECT_TRUE(eventsOf(kShop, {}, {condition("Unknown", "Pending")}).empty());
  const auto up = eventsOf(kShop, {down}, {condition("True", "Ready")});
  ASSERT_EQ(up.size(), 1u);
  EXPECT_FALSE(up[0].warning);
  EXPECT_EQ(up[0].reason, "Ready");
  EXPECT_EQ(up[0].note, "why");
  const auto other = eventsOf(kShop, {down}, {condition("False", "ServerNotFound")});
  ASSERT_EQ(other.size(), 1u);
  EXPECT_TRUE(other[0].warning);
  EXPECT_EQ(eventsOf(kShop, {}, {down}).size(), 1u);
}

struct CorrelatorTest : ::testing::Test {
  EventCorrelator correlator;
  SteadyTime now{1h};

  EventVerdict decide(const Event& e) {
    EventVerdict verdict = correlator.decide(e, now);
    if (const auto* create = std::get_if<EventCreate>(&verdict)) {
      correlator.created(e, *create, "made-for-" + create->note);
    }
    return verdict;
  }
};

TEST_F(CorrelatorTest, RepeatedEventContinuesItsSeries) {
  ASSERT_TRUE(std::holds_alternative<EventCreate>(decide(event("a"))));
  now += 5min;
  const EventVerdict again = decide(event("a"));
  ASSERT_TRUE(std::holds_alternative<EventRepeat>(again));
  EXPECT_EQ(std::get<EventRepeat>(again).name, "made-for-a");
  EXPECT_EQ(std::get<EventRepeat>(again).count, 2);
  now += 7min;
  EXPECT_TRUE(std::holds_alternative<EventCreate>(decide(event("a")))) << "the series has ended";
}

TEST_F(CorrelatorTest, ManySimilarEventsBecomeOne) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(std::get<EventCreate>(decide(event(std::to_string(i)))).note, std::to_string(i));
  }
  EXPECT_THAT(std::get<EventCreate>(decide(event("10"))).note, HasSubstr("one of many"));
  EXPECT_EQ(std::get<EventRepeat>(decide(event("11"))).count, 2);
  EXPECT_EQ(std::get<EventCreate>(decide(event("x", "Other"))).note, "x");
  now += 11min;
  EXPECT_EQ(std::get<EventCreate>(decide(event("12"))).note, "12");
}

TEST_F(CorrelatorTest, ObjectWithTooManyEventsIsSilencedAndOthersAreNot) {
  for (int i = 0; i < 25; ++i) decide(event("a"));
  EXPECT_TRUE(std::holds_alternative<EventDrop>(decide(event("a"))));
  Event other = event("a");
  other.regarding.uid = "uid-2";
  EXPECT_TRUE(std::holds_alternative<EventCreate>(decide(other)));
  now += 5min;
  EXPECT_FALSE(std::holds_alternative<EventDrop>(decide(event("a"))));
  EXPECT_TRUE(std::holds_alternative<EventDrop>(decide(event("a"))));
}

struct RecorderTest : ::testing::Test {
  test::FakeHttp http;
  test::FakeClock clock;
  EventRecorder recorder{http, "controller-0", clock};
  std::atomic<int> status{201};

  void SetUp() override {
    http.onSend([this](const net::Request&) { return test::FakeHttp::json(status, "{}"); });
    recorder.start();
  }
  net::Request call(std::size_t n) {
    EXPECT_TRUE(http.waitForCalls(n + 1));
    return http.calls().at(n).request;
  }
};

TEST_F(RecorderTest, EventHasTheFormThatTheApiRequires) {
  recorder.record(event("the server is \n down"));
  const net::Request request = call(0);
  EXPECT_THAT(request.target, HasSubstr("/apis/events.k8s.io/v1/namespaces/shop/events?"));
  const auto object = nlohmann::json::parse(request.body);
  EXPECT_EQ(object["type"], "Warning");
  EXPECT_EQ(object["reason"], "ServerNotReady");
  EXPECT_EQ(object["regarding"]["uid"], "uid-1");
  EXPECT_EQ(object["regarding"]["namespace"], "shop");
  EXPECT_EQ(object["reportingInstance"], "controller-0");
  EXPECT_EQ(object["note"], "the server is   down");
  EXPECT_THAT(object["metadata"]["name"].get<std::string>(), ::testing::StartsWith("checkout."));
}

TEST_F(RecorderTest, RepetitionIsAPatchAndADeletedEventIsCreatedAgain) {
  recorder.record(event("a"));
  recorder.record(event("a"));
  const net::Request patch = call(1);
  EXPECT_EQ(patch.method, net::Method::kPatch);
  EXPECT_THAT(patch.body, HasSubstr(R"("count":2)"));
  ASSERT_TRUE(test::waitFor([&] { return recorder.stats().repeated == 1; }));
  status = 404;
  recorder.record(event("a"));
  EXPECT_EQ(call(3).method, net::Method::kPost);
}

TEST_F(RecorderTest, EventsOfClusterScopedObjectsAreInDefault) {
  Event e = event("a");
  e.regarding.namespace_.clear();
  recorder.record(e);
  EXPECT_THAT(call(0).target, HasSubstr("/namespaces/default/events"));
}

TEST_F(RecorderTest, StopWritesQueuedEvents) {
  for (int i = 0; i < 5; ++i) recorder.record(event(std::to_string(i)));
  recorder.stop();
  EXPECT_EQ(recorder.stats().created, 5u);
}

TEST(EventRecorder, QueueIsBounded) {
  test::FakeHttp http;
  EventRecorder recorder(http, "x");
  for (int i = 0; i < 1'200; ++i) recorder.record(event(std::to_string(i)));
  EXPECT_EQ(recorder.stats().dropped, 200u);
}

}  // namespace
}  // namespace profiling::controllers
