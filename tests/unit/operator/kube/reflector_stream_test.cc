// Streaming lists: a watch that begins with every object.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/kube/reflector.h"
#include "tests/support/wait_for.h"
#include "tests/unit/operator/kube/reflector_fixture.h"

namespace profiling::kube {
namespace {

using test::waitFor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kEnd = event(
    "BOOKMARK",
    R"({"kind":"Thing","metadata":{"resourceVersion":"10","annotations":{"k8s.io/initial-events-end":"true"}}})");

struct StreamListTest : ReflectorTest {
  StreamListTest() { streaming = true; }
  void refuse(int status) {
    watches.push_back([=](const auto&, const auto&, const auto&) {
      return FakeHttp::json(status, R"({"kind":"Status","message":"no"})");
    });
  }
};

TEST_F(StreamListTest, ObjectsAppearAfterTheLastBookmarkAndTheWatchContinuesThere) {
  answerWatch({event("ADDED", object("a", 1, 5)), event("ADDED", object("b", 2, 6)), kEnd});
  answerWatch({event("MODIFIED", object("a", 3, 11))});
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 3; }));
  EXPECT_EQ(valueOf("ns/b"), 2);
  EXPECT_EQ(list_calls, 0u);
  EXPECT_EQ(watchTarget(0),
            "/apis/example.org/v1/things?watch=true&sendInitialEvents=true&allowWatchBookmarks=true"
            "&resourceVersionMatch=NotOlderThan&timeoutSeconds=60");
  EXPECT_THAT(watchTarget(1), HasSubstr("resourceVersion=10&"));
  EXPECT_THAT(changes(), ElementsAre("", "ns/a"));
  EXPECT_EQ(reflector->stats().lists, 1u);
  EXPECT_EQ(reflector->stats().streamed_lists, 1u);
}

TEST_F(StreamListTest, AHalfStreamShowsNothing) {
  answerWatch({event("ADDED", object("a", 1, 5)), bookmark(7)});
  start();
  ASSERT_TRUE(http.waitForCalls(1));
  EXPECT_FALSE(store.synced());
  EXPECT_EQ(valueOf("ns/a"), -1);
}

TEST_F(StreamListTest, ChangesBeforeTheEndAreApplied) {
  answerWatch({event("ADDED", object("a", 1, 5)), event("ADDED", object("b", 2, 6)),
               event("DELETED", object("a", 1, 8)), event("MODIFIED", object("b", 7, 9)), kEnd});
  start();
  ASSERT_TRUE(waitFor([&] { return store.synced(); }));
  EXPECT_EQ(valueOf("ns/a"), -1);
  EXPECT_EQ(valueOf("ns/b"), 7);
}

TEST_F(StreamListTest, RefusalFallsBackToPagesForGood) {
  refuse(422);
  answerList(list({object("a", 1, 5)}, 10));
  answerWatch({event("ERROR", kGone410)});
  answerList(list({object("a", 2, 15)}, 20));
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 2; }));
  EXPECT_EQ(reflector->stats().streamed_lists, 0u);
  EXPECT_EQ(list_calls, 2u);
}

TEST_F(StreamListTest, MissingBookmarkFallsBackToPagesForGood) {
  answerWatch({event("ADDED", object("x", 1, 5))}, Status(Code::kDeadlineExceeded, "total"));
  answerList(list({object("a", 1, 5)}, 10));
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 1; }));
  EXPECT_EQ(valueOf("ns/x"), -1);
}

TEST_F(StreamListTest, ABrokenStreamIsRetriedOnceThenPagesAreReadAndLaterListsStreamAgain) {
  answerWatch({event("ADDED", object("x", 1, 5))}, Status(Code::kUnavailable, "reset"));
  answerWatch({event("ADDED", object("x", 1, 5))}, Status());
  answerList(list({object("a", 1, 5)}, 10));
  answerWatch({event("ERROR", kGone410)});
  answerWatch({event("ADDED", object("a", 2, 15)), kEnd});
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 2; }));
  EXPECT_EQ(valueOf("ns/x"), -1);
  EXPECT_EQ(list_calls, 1u);
  EXPECT_EQ(reflector->stats().streamed_lists, 1u);
}

TEST_F(StreamListTest, ARelistKeepsTheOldContentsUntilComplete) {
  answerWatch({event("ADDED", object("a", 1, 5)), event("ADDED", object("b", 1, 5)), kEnd});
  answerWatch({event("ERROR", kGone410)});
  answerWatch({event("ADDED", object("a", 2, 15))}, Status(Code::kUnavailable, "reset"));
  answerWatch({event("ADDED", object("a", 3, 25)), kEnd});
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 3; }));
  EXPECT_EQ(valueOf("ns/b"), -1);
  EXPECT_THAT(changes(), ElementsAre("", ""));
  EXPECT_THAT(stored_at_change, ElementsAre(2u, 1u));
}

TEST_F(StreamListTest, OneEmptyStreamDeletesNothing) {
  answerWatch({event("ADDED", object("a", 1, 5)), kEnd});
  answerWatch({event("ERROR", kGone410)});
  answerWatch({kEnd});
  answerWatch({event("ADDED", object("a", 2, 15)), kEnd});
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/a") == 2; }));
  EXPECT_THAT(stored_at_change, ElementsAre(1u, 1u));
}

TEST_F(StreamListTest, AnObjectThatIsTooLongNeitherEndsTheStreamNorLosesItsOldRecord) {
  answerWatch({event("ADDED", object("a", 1, 5)), kEnd});
  answerWatch({event("ERROR", kGone410)});
  answerWatch({event("ADDED", longObject("a", 11)), event("ADDED", object("b", 2, 12)),
               event("ADDED", object("c", 3, 13)), event("DELETED", longObject("c", 14)), kEnd});
  ReflectorOptions options;
  options.max_object_bytes = 1'000;
  start(options);
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/b") == 2; }));
  EXPECT_EQ(valueOf("ns/a"), 1);
  EXPECT_EQ(valueOf("ns/c"), -1);
  EXPECT_EQ(reflector->stats().streamed_lists, 2u);
  EXPECT_EQ(list_calls, 0u);
}

TEST_F(StreamListTest, AnUndecodableObjectKeepsItsOldRecord) {
  answerWatch({event("ADDED", object("a", 1, 5)), kEnd});
  answerWatch({event("ERROR", kGone410)});
  answerWatch({event("ADDED", R"({"metadata":{"name":"a","namespace":"ns"}})"),
               event("ADDED", object("b", 2, 15)), kEnd});
  start();
  ASSERT_TRUE(waitFor([&] { return valueOf("ns/b") == 2; }));
  EXPECT_EQ(valueOf("ns/a"), 1);
  EXPECT_EQ(reflector->stats().decode_errors, 1u);
}

}  // namespace
}  // namespace profiling::kube
