#include "operator/kube/reflector.h"

#include <future>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/wait_for.h"
#include "tests/unit/operator/kube/reflector_fixture.h"

namespace profiling::kube {
namespace {

using test::waitFor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ReflectorTest, ListsInPagesThenFollowsEvents) {
  answerList(list({object("a", 1, 5), object("b", 1, 6)}, 10, "next/page"));
  answerList(list({object("c", 1, 7)}, 10));
  answerWatch({event("MODIFIED", object("a", 2, 11)), event("DELETED", object("b", 1, 12)),
               event("ADDED", object("d", 4, 13))});
  start();
  ASSERT_TRUE(waitFor([&] { return changes().size() == 4; }));
  EXPECT_THAT(changes(), ElementsAre("", "ns/a", "ns/b", "ns/d"));
  EXPECT_EQ(store.snapshot()->size(), 3u);
  EXPECT_EQ(valueOf("ns/a"), 2);
  EXPECT_EQ(valueOf("ns/b"), -1);
  EXPECT_EQ(valueOf("ns/d"), 4);
  EXPECT_EQ(stored_at_change.front(), 3u) << "the snapshot is visible before the handler is called";

  const auto calls = http.calls();
  EXPECT_EQ(calls.at(0).request.target, "/apis/example.org/v1/things?limit=500");
  EXPECT_EQ(calls.at(1).request.target,
            "/apis/example.org/v1/things?limit=500&continue=next%2Fpage");
  EXPECT_THAT(calls.at(2).request.target,
              HasSubstr("watch=true&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds="));
  EXPECT_GE(calls.at(2).limits.idle, 5min + 5s);
  const ReflectorStats stats = reflector->stats();
  EXPECT_EQ(stats.lists, 1u);
  EXPECT_EQ(stats.events, 3u);
  EXPECT_EQ(stats.decode_errors, 0u);
  EXPECT_GT(stats.last_contact.time_since_epoch().count(), 0);
}

TEST_F(ReflectorTest, SelectorsAndNamespaceAreInEveryRequest) {
  answerList(list({}, 10));
  ReflectorOptions options;
  options.namespace_ = "shop";
  options.label_selector = "profiling.dev/profiled,app in (a,b)";
  options.field_selector = "spec.nodeName=n1";
  start(options);
  ASSERT_TRUE(http.waitForCalls(2));
  for (const auto& call : http.calls()) {
    EXPECT_THAT(call.request.target, HasSubstr("/namespaces/shop/things?"));
    EXPECT_THAT(call.request.target,
                HasSubstr("&labelSelector=profiling.dev%2Fprofiled%2Capp%20in%20%28a%2Cb%29"));
    EXPECT_THAT(call.request.target, HasSubstr("&fieldSelector=spec.nodeName%3Dn1"));
  }
}

TEST_F(ReflectorTest, IsUnsyncedAndEmptyBeforeTheLastPage) {
  std::promise<void> release;
  auto released = release.get_future().share();
  answerList(list({object("a", 1, 5)}, 10, "t"));
  lists.push_back([=](const net::Request&) {
    released.wait();
    return FakeHttp::json(200, list({object("b", 1, 5)}, 10));
  });
  start();
  ASSERT_TRUE(http.waitForCalls(2));
  EXPECT_FALSE(store.synced());
  EXPECT_TRUE(store.snapshot()->empty());
  release.set_value();
  ASSERT_TRUE(waitFor([&] { return store.synced(); }));
  EXPECT_EQ(store.snapshot()->size(), 2u);
}

TEST_F(ReflectorTest, AnEmptyListOfAnEmptyStoreIsSynced) {
  answerList(R"({"metadata":{"resourceVersion":"3"},"items":null})");
  start();
  ASSERT_TRUE(waitFor([&] { return store.synced(); }));
  EXPECT_TRUE(waitFor([&] { return changes() == std::vector<std::string>{""}; }));
}

TEST_F(ReflectorTest, ABrokenStreamIsResumedFromTheLastEventOrBookmarkWithoutAList) {
  answerList(list({object("a", 1, 5)}, 10));
  answerWatch({event("MODIFIED", object("a", 2, 11)), bookmark(20)},
              Status(Code::kUnavailable, "reset"));
  answerWatch({event("MODIFIED", object("a", 3, 21))}, Status());
  start();
  ASSERT_TRUE(waitFor([&] { return watch_calls == 3; }));
  EXPECT_THAT(watchTarget(1), HasSubstr("resourceVersion=20&"));
  EXPECT_THAT(watchTarget(2), HasSubstr("resourceVersion=21&"));
  EXPECT_EQ(list_calls, 1u);
  EXPECT_EQ(valueOf("ns/a"), 3);
  EXPECT_EQ(reflector->stats().watch_errors, 1u);
}

TEST_F(ReflectorTest, AFragmentOfABrokenStreamIsDropped) {
  answerList(list({}, 10));
  const std::string whole = event("ADDED", object("a", 1, 11));
  answerWatch({whole.substr(0, 30)}, Status(Code::kUnavailable, "reset"));
  answerWatch({whole.substr(0, 17), whole.substr(17)});
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 1; }));
  EXPECT_EQ(reflector->stats().decode_errors, 0u);
  EXPECT_EQ(list_calls, 1u);
}

// 410 in its three shapes; the old contents stay visible until the new list is complete.
struct GoneTest : ReflectorTest, ::testing::WithParamInterface<std::string> {};

TEST_P(GoneTest, RelistsAndKeepsTheOldContentsUntilComplete) {
  std::promise<void> release;
  auto released = release.get_future().share();
  answerList(list({object("a", 1, 5), object("b", 1, 5)}, 10));
  if (GetParam() == "http") {
    watches.push_back(
        [](const auto&, const auto&, const auto&) { return FakeHttp::json(410, kGone410); });
  } else {
    answerWatch({event("ERROR", kGone410)});
  }
  if (GetParam() == "continue") {
    answerList(list({object("x", 9, 5)}, 20, "t"));
    answerList(kGone410, 410);
  }
  lists.push_back([=](const net::Request&) {
    released.wait();
    return FakeHttp::json(200, list({object("b", 2, 25)}, 30));
  });
  start();
  ASSERT_TRUE(waitFor([&] { return list_calls == lists.size(); }));
  EXPECT_EQ(store.snapshot()->size(), 2u);
  EXPECT_EQ(valueOf("ns/b"), 1);
  EXPECT_EQ(valueOf("ns/x"), -1);
  release.set_value();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/b") == 2; }));
  EXPECT_EQ(store.snapshot()->size(), 1u);
  ASSERT_TRUE(waitFor([&] { return watch_calls == 2; }));
  EXPECT_THAT(watchTarget(1), HasSubstr("resourceVersion=30&"));
  EXPECT_THAT(changes(), ElementsAre("", ""));
  EXPECT_EQ(reflector->stats().lists, 2u);
}
INSTANTIATE_TEST_SUITE_P(Shapes, GoneTest, ::testing::Values("http", "event", "continue"));

TEST_F(ReflectorTest, OneEmptyAnswerDeletesNothing) {
  answerList(list({object("a", 1, 5)}, 10));
  answerWatch({event("ERROR", kGone410)});
  answerList(list({}, 20));
  answerList(list({object("a", 2, 22)}, 30));
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 2; }));
  for (const std::size_t stored : stored_at_change) EXPECT_EQ(stored, 1u);
}

TEST_F(ReflectorTest, TwoEmptyAnswersClearTheStore) {
  answerList(list({object("a", 1, 5)}, 10));
  answerWatch({event("ERROR", kGone410)});
  answerList(list({}, 20));
  answerList(list({}, 21));
  start();
  ASSERT_TRUE(waitFor([&] { return store.snapshot()->empty() && changes().size() == 2; }));
  ASSERT_TRUE(waitFor([&] { return watch_calls == 2; }));
  EXPECT_THAT(watchTarget(1), HasSubstr("resourceVersion=21&"));
}

TEST_F(ReflectorTest, AnUndecodableObjectIsSkippedAndKeepsItsOldRecord) {
  const std::string bad = R"({"metadata":{"name":"a","namespace":"ns","resourceVersion":"11"}})";
  const std::string throws =
      R"({"throw":1,"metadata":{"name":"t","namespace":"ns","resourceVersion":"12"}})";
  answerList(list({object("a", 1, 5), throws, object("b", 1, 6)}, 10));
  answerWatch({event("MODIFIED", bad), event("ADDED", throws),
               event("MODIFIED", object("b", 2, 13)), event("ERROR", kGone410)});
  answerList(list({bad, object("b", 3, 20)}, 20));
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/b") == 3; }));
  EXPECT_EQ(valueOf("ns/a"), 1) << "through the events and through the relist";
  EXPECT_EQ(store.find("ns/t"), nullptr);
  EXPECT_EQ(reflector->stats().decode_errors, 4u);
}

TEST_F(ReflectorTest, UnknownEventTypesAndObjectsWithoutMetadataAreSkipped) {
  answerList(list({}, 10));
  answerWatch({event("SPARKLED", object("a", 1, 11)), event("ADDED", "{}"),
               event("ADDED", object("b", 1, 12))});
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/b") == 1; }));
  EXPECT_EQ(valueOf("ns/a"), -1);
  EXPECT_EQ(reflector->stats().decode_errors, 2u);
  EXPECT_EQ(watch_calls, 1u);
}

TEST_F(ReflectorTest, AnInvalidLineEndsTheWatchAndRelistsAlsoWhenItIsTooLong) {
  answerList(list({object("a", 1, 5)}, 10));
  answerWatch({"<html>bad gateway</html>\n"});
  answerList(list({object("a", 2, 5)}, 20));
  answerWatch({std::string(2'000, 'x')});
  answerList(list({object("a", 3, 5)}, 30));
  ReflectorOptions options;
  options.max_object_bytes = 1'000;
  start(options);
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 3; }));
  EXPECT_EQ(reflector->stats().watch_errors, 2u);
}

TEST_F(ReflectorTest, AnObjectThatIsTooLongIsSkippedAndTheWatchGoesOn) {
  answerList(list({object("a", 1, 5), object("b", 1, 6), object("c", 1, 7)}, 10));
  const std::string long_a = event("MODIFIED", longObject("a", 11)),
                    long_b = event("DELETED", longObject("b", 12));
  answerWatch({long_a.substr(0, 700), long_a.substr(700, 900), long_a.substr(1'600), long_b,
               event("MODIFIED", object("c", 2, 13)) + event("MODIFIED", longObject("c", 14))},
              Status(Code::kUnavailable, "reset"));
  ReflectorOptions options;
  options.max_object_bytes = 1'000;
  start(options);
  ASSERT_TRUE(waitFor([&] { return watch_calls == 2; }));
  EXPECT_EQ(valueOf("ns/a"), 1) << "its last good record";
  EXPECT_EQ(valueOf("ns/b"), -1);
  EXPECT_EQ(valueOf("ns/c"), 2);
  EXPECT_EQ(list_calls, 1u);
  EXPECT_EQ(reflector->stats().decode_errors, 2u);
  EXPECT_THAT(watchTarget(1), HasSubstr("resourceVersion=14&")) << "it does not come again";
}

TEST_F(ReflectorTest, InvalidListsAreRetried) {
  answerList("<html>login</html>");
  answerList(R"({"kind":"Thing","metadata":{"resourceVersion":"1"}})");
  answerList(list({object("x", 1, 5)}, 10).substr(0, 90));
  answerList("", 503);
  answerList(list({object("a", 1, 5)}, 10, "same"));
  answerList(list({object("a", 1, 5)}, 10, "same"));
  answerList(list({object("a", 1, 5)}, 10));
  start();
  ASSERT_TRUE(waitFor([&] { return store.synced(); }));
  EXPECT_EQ(store.snapshot()->size(), 1u) << "nothing of the failed lists is left";
  EXPECT_EQ(valueOf("ns/a"), 1);
  EXPECT_EQ(reflector->stats().list_errors, 5u);
}

TEST_F(ReflectorTest, EventsThatArriveTogetherArePublishedTogether) {
  answerList(list({}, 10));
  std::string burst;
  for (int i = 0; i < 100; ++i) burst += event("ADDED", object("o" + std::to_string(i), i, 11 + i));
  burst += event("MODIFIED", object("o0", 500, 200));
  burst += event("ADDED", object("gone", 1, 201)) + event("DELETED", object("gone", 1, 202));
  answerWatch({burst});
  start();
  ASSERT_TRUE(waitFor([&] { return changes().size() == 102; }));
  EXPECT_EQ(changes().at(1), "ns/o0");
  EXPECT_EQ(valueOf("ns/o0"), 500);
  EXPECT_EQ(stored_at_change.at(1), 100u)
      << "all of the burst is visible at the first notification";
  EXPECT_EQ(changes().back(), "ns/gone");
}

TEST_F(ReflectorTest, ALastLineWithoutNewlineCounts) {
  answerList(list({object("a", 1, 5)}, 10));
  std::string line = event("ERROR", kGone410);
  line.pop_back();
  answerWatch({line}, Status());
  answerList(list({object("a", 2, 5)}, 20));
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 2; }));
}

TEST_F(ReflectorTest, StopEndsASilentStream) {
  answerList(list({}, 10));
  start();
  ASSERT_TRUE(waitFor([&] { return watch_calls == 1; }));
  reflector->stop();
  reflector->stop();
  EXPECT_EQ(watch_calls, 1u);
  EXPECT_EQ(reflector->stats().watch_errors, 0u) << "our own stop is no error";
}

TEST_F(ReflectorTest, StopEndsALongBackoff) {
  answerList(R"({"kind":"Status","code":429,"details":{"retryAfterSeconds":3000}})", 429);
  start();
  ASSERT_TRUE(waitFor([&] { return reflector->stats().list_errors == 1; }));
  reflector->stop();
  EXPECT_EQ(list_calls, 1u);
}

TEST_F(ReflectorTest, StopEndsAStreamThatNeverPauses) {
  answerList(list({}, 10));
  watches.push_back([](const net::Request&, const net::ByteSink& sink,
                       const std::stop_token&) -> Result<net::Response> {
    for (int version = 11;; ++version) {
      if (Status status = sink(event("ADDED", object("a", version, version))); !status.ok())
        return status;
    }
  });
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") > 20; }));
  reflector->stop();
  EXPECT_EQ(watch_calls, 1u);
}

TEST_F(ReflectorTest, ReadersNeverSeeATornSnapshot) {
  answerList(list({object("a", 0, 5), object("b", 0, 5)}, 10));
  watches.push_back([](const net::Request&, const net::ByteSink& sink,
                       const std::stop_token& stop) -> Result<net::Response> {
    for (int i = 1; i <= 300; ++i) {
      if (Status s = sink(event("MODIFIED", object("a", i, 10 + 2 * i)) +
                          event("MODIFIED", object("b", i, 11 + 2 * i)));
          !s.ok()) {
        return s;
      }
    }
    return FakeHttp::blockUntil(stop);
  });
  start();
  ASSERT_TRUE(waitFor([&] { return store.synced(); }));
  int last = 0;
  while (last < 300) {
    const auto snapshot = store.snapshot();
    ASSERT_EQ(snapshot->at("ns/a")->value, snapshot->at("ns/b")->value);
    ASSERT_GE(snapshot->at("ns/a")->value, last);
    last = snapshot->at("ns/a")->value;
  }
}

}  // namespace
}  // namespace profiling::kube
