#include "operator/kube/decode.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(EventDecoder, ReadsTypeKeyVersionAndTheRawObject) {
  EventDecoder decoder;
  const std::string object =
      R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"shop","resourceVersion":"42"},"spec":{"x":[1,{"metadata":{"name":"inner"}}]}})";
  const auto event = decoder.decode(R"({"type":"ADDED","object":)" + object + "}");
  ASSERT_TRUE(event.ok()) << event.status().toString();
  EXPECT_EQ(event->type, EventType::kAdded);
  EXPECT_EQ(event->key, "shop/a");
  EXPECT_EQ(event->resource_version, "42");
  EXPECT_EQ(event->object, object);
}

TEST(EventDecoder, TheOrderOfFieldsDoesNotMatter) {
  EventDecoder decoder;
  const auto event = decoder.decode(
      R"({"object":{"spec":{"metadata":{"name":"no"}},"metadata":{"resourceVersion":"7","labels":{"name":"no"},"name":"n"}},"extra":[1],"type":"MODIFIED"})");
  ASSERT_TRUE(event.ok()) << event.status().toString();
  EXPECT_EQ(event->type, EventType::kModified);
  EXPECT_EQ(event->key, "n");
  EXPECT_EQ(event->resource_version, "7");
  EXPECT_TRUE(event->object.starts_with(R"({"spec")"));
  EXPECT_TRUE(event->object.ends_with(R"("name":"n"}})"));
}

TEST(EventDecoder, ReadablePaddingFollowsTheObject) {
  EventDecoder decoder;
  const auto event = decoder.decode(R"({"type":"DELETED","object":{"metadata":{"name":"n"}}})");
  ASSERT_TRUE(event.ok());
  const char* end = event->object.data() + event->object.size();
  EXPECT_EQ(std::string_view(end, kObjectPadding).front(), '}');  // ASan judges the rest
  EXPECT_EQ(event->type, EventType::kDeleted);
}

TEST(EventDecoder, BookmarksAndErrorsHaveNoKey) {
  EventDecoder decoder;
  const auto bookmark = decoder.decode(
      R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"99","creationTimestamp":null}}})");
  ASSERT_TRUE(bookmark.ok());
  EXPECT_EQ(bookmark->type, EventType::kBookmark);
  EXPECT_EQ(bookmark->resource_version, "99");
  EXPECT_EQ(bookmark->key, "");
  const auto error = decoder.decode(
      R"({"type":"ERROR","object":{"kind":"Status","metadata":{},"reason":"Expired","code":410}})");
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->type, EventType::kError);
  EXPECT_EQ(statusOfObject(error->object).code(), Code::kGone);
}

TEST(EventDecoder, UnusualButCompleteEventsAreNotErrors) {
  EventDecoder decoder;
  for (const char* line :
       {R"({"type":"SOMETHING","object":{}})", R"({"type":"ADDED","object":{"metadata":null}})",
        R"({"type":"ADDED","object":{"metadata":{"name":7,"resourceVersion":{}}}})",
        R"({"type":"ADDED","object":{"metadata":[{}]}})"}) {
    const auto event = decoder.decode(line);
    ASSERT_TRUE(event.ok()) << line << event.status().toString();
    EXPECT_EQ(event->key, "");
    EXPECT_EQ(event->resource_version, "");
  }
  EXPECT_EQ(decoder.decode(R"({"type":"SOMETHING","object":{}})")->type, EventType::kUnknown);
}

TEST(EventDecoder, OtherTextIsAnErrorThatQuotesNothing) {
  EventDecoder decoder;
  for (const std::string line :
       {"", "canary", "<html>canary</html>", "[]", "{}", R"({"type":"ADDED"})", R"({"object":{}})",
        R"({"type":"ADDED","object":[]})", R"({"type":7,"object":{}})",
        R"({"type":"ADDED","object":{"metadata":{"name":"canary")",
        R"({"type":"ADDED","object":{"a":1}} {"canary":1})", "\xff\xfe"}) {
    const auto event = decoder.decode(line);
    EXPECT_EQ(event.status().code(), Code::kInternal) << line;
    EXPECT_THAT(event.status().message(), Not(HasSubstr("canary")));
  }
}

TEST(EventDecoder, ALargeEventIsReadAndTheNextOneToo) {
  EventDecoder decoder;
  const std::string big(3u << 20, 'x');
  const auto event =
      decoder.decode(R"({"type":"ADDED","object":{"metadata":{"name":"b"},"d":")" + big + "\"}}");
  ASSERT_TRUE(event.ok());
  EXPECT_GT(event->object.size(), big.size());
  EXPECT_EQ(decoder.decode(R"({"type":"ADDED","object":{"metadata":{"name":"s"}}})")->key, "s");
}

struct Listed {
  Result<ListPage> page;
  std::vector<std::string> items;
};
Listed list(const std::string& body) {
  std::vector<std::string> items;
  Result<ListPage> page =
      decodeList(body, [&](std::string_view item) { items.emplace_back(item); });
  return {std::move(page), std::move(items)};
}

TEST(DecodeList, PassesEachItemOnWithMetadataFirstOrLast) {
  const std::string items = R"("items":[{"a":{"b":[]}},{"c":"]}"}])";
  const std::string meta =
      R"("metadata":{"resourceVersion":"5","continue":"tok","remainingItemCount":9})";
  for (const std::string& body :
       {"{" + items + "," + meta + "}", "{\"kind\":\"PodList\"," + meta + "," + items + "}"}) {
    const Listed got = list(body);
    ASSERT_TRUE(got.page.ok()) << got.page.status().toString();
    EXPECT_EQ(got.page->resource_version, "5");
    EXPECT_EQ(got.page->continue_token, "tok");
    EXPECT_EQ(got.page->items, 2u);
    EXPECT_EQ(got.items, (std::vector<std::string>{R"({"a":{"b":[]}})", R"({"c":"]}"})"}));
  }
}

TEST(DecodeList, AnEmptyListMayBeNull) {
  for (const char* items : {"null", "[]"}) {
    const Listed got =
        list(std::string(R"({"metadata":{"resourceVersion":"5"},"items":)") + items + "}");
    ASSERT_TRUE(got.page.ok()) << items << got.page.status().toString();
    EXPECT_EQ(got.page->items, 0u);
    EXPECT_EQ(got.page->continue_token, "");
  }
}

TEST(DecodeList, IncompleteListsAreErrors) {
  for (const char* body :
       {"", "<html>", "null", "7", "[]", "{}", R"({"metadata":{"resourceVersion":"5"}})",
        R"({"items":[]})", R"({"items":[],"metadata":{}})",
        R"({"items":[],"metadata":{"resourceVersion":""}})",
        R"({"items":{},"metadata":{"resourceVersion":"5"}})",
        R"({"items":[7],"metadata":{"resourceVersion":"5"}})", R"({"items":[{"a":1},{"b")",
        R"({"metadata":{"resourceVersion":"5"},"items":[{"a":1}])",
        R"({"items":nope,"metadata":{"resourceVersion":"5"}})",
        R"({"kind":"Status","code":410,"metadata":{}})",
        R"({"items":[],"metadata":{"resourceVersion":"5"}} trailing)"}) {
    EXPECT_EQ(list(body).page.status().code(), Code::kInternal) << body;
  }
}

TEST(KeyOf, ReadsNamespaceAndName) {
  EXPECT_EQ(keyOf(R"({"metadata":{"name":"a","namespace":"b"}})"), "b/a");
  EXPECT_EQ(keyOf(R"({"metadata":{"name":"a"}})"), "a");
  EXPECT_EQ(keyOf(R"({"metadata":{"namespace":"b"}})"), "");
  EXPECT_EQ(keyOf("[]"), "");
  EXPECT_EQ(keyOf(""), "");
}

TEST(StatusOfObject, MapsTheCodeOfTheObject) {
  EXPECT_EQ(statusOfObject(R"({"kind":"Status","code":429,"details":{"retryAfterSeconds":3}})")
                .retryAfter(),
            std::chrono::seconds(3));
  EXPECT_EQ(statusOfObject(R"({"kind":"Status","code":504})").code(), Code::kDeadlineExceeded);
  for (const char* odd :
       {"{}", "[]", R"({"code":"410"})", R"({"code":200})", R"({"code":99999999999999})"}) {
    EXPECT_EQ(statusOfObject(odd).code(), Code::kUnavailable) << odd;
  }
}

}  // namespace
}  // namespace profiling::kube
