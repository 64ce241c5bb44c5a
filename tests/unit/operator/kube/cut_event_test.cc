#include "operator/kube/cut_event.h"

#include <string>

#include <gtest/gtest.h>

namespace profiling::kube {
namespace {

const std::string kPod =
    R"({"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1","namespace":"shop","uid":"u","resourceVersion":"42","generation":1,"labels":{"a":"}{\"name\":\"x"}},"spec":{"containers":[{"name":"c"}]}}})";

TEST(CutEvent, IsReadFromTheBeginningOfItsLine) {
  const std::size_t known = kPod.find(R"("generation")") - 1;
  for (std::size_t length = 0; length <= kPod.size(); ++length) {
    const CutEvent event = readCutEvent(std::string_view(kPod).substr(0, length));
    EXPECT_EQ(event.key, length >= known ? "shop/web-1" : "") << length;
    EXPECT_EQ(event.resource_version, length >= known ? "42" : "") << length;
  }
  EXPECT_EQ(readCutEvent(kPod).type, EventType::kModified);
}

TEST(CutEvent, TheKeysOfACustomResourceComeInTheOrderOfTheAlphabet) {
  const std::string text =
      R"({"type":"ADDED","object":{"apiVersion":"a/v1","kind":"K","metadata":{"annotations":{"name":"no","resourceVersion":"no"},"finalizers":["a",1,true,null,[]],"name":"n","namespace":"ns","ownerReferences":[{"name":"no"}],"resourceVersion":"7","uid":"u"},"spec":{"x":")";
  EXPECT_EQ(readCutEvent(text).key, "ns/n");
  EXPECT_EQ(readCutEvent(text).resource_version, "7");
  const CutEvent early = readCutEvent(text.substr(0, text.find(R"(,"namespace)")));
  EXPECT_EQ(early.type, EventType::kAdded);
  EXPECT_EQ(early.key, "") << "without its namespace it would name another object";
}

TEST(CutEvent, AnObjectWithoutANamespaceHasItsNameAsKey) {
  EXPECT_EQ(readCutEvent(
                R"({"type":"DELETED","object":{"metadata":{"name":"n","resourceVersion":"7"},"a)")
                .key,
            "n");
}

TEST(CutEvent, WhatIsNoEventIsOfUnknownType) {
  for (const char* text : {"", "<html>", "[", R"({"type":1)", R"({"type":"NEW","object":{)", "{,",
                           R"({"object":}})", R"({"a":[}]})", R"({"type":"ADDED)"}) {
    EXPECT_EQ(readCutEvent(text).type, EventType::kUnknown) << text;
  }
}

}  // namespace
}  // namespace profiling::kube
