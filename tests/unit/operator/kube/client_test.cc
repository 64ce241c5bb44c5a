#include "operator/kube/client.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/kube/percent_encoding.h"
#include "tests/support/fake_http.h"

namespace profiling::kube {
namespace {

using test::FakeHttp;
using ::testing::HasSubstr;
using ::testing::Not;

const std::stop_token kNever;

TEST(ResourcePath, CoreGroupHasItsOwnRoot) {
  EXPECT_EQ(resources::kPods.path(), "/api/v1/pods");
  EXPECT_EQ(resources::kPods.path("shop"), "/api/v1/namespaces/shop/pods");
  EXPECT_EQ(resources::kPods.path("shop", "a"), "/api/v1/namespaces/shop/pods/a");
  EXPECT_EQ(resources::kNamespaces.path({}, "shop"), "/api/v1/namespaces/shop");
}

TEST(ResourcePath, NamedGroupsAndSubresources) {
  EXPECT_EQ(resources::kStatefulSets.path("ns", "db", "status"),
            "/apis/apps/v1/namespaces/ns/statefulsets/db/status");
}

TEST(ResourcePath, NamesArePercentEncoded) {
  EXPECT_EQ(resources::kPods.path("a/b", "x?y=z#é %"),
            "/api/v1/namespaces/a%2Fb/pods/x%3Fy%3Dz%23%C3%A9%20%25");
  EXPECT_EQ(percentEncode("AZaz09-._~"), "AZaz09-._~");
}

struct ClientTest : ::testing::Test {
  FakeHttp http;
  Client client{http};

  void answer(int status, std::string body) {
    http.onSend([=](const net::Request&) { return FakeHttp::json(status, body); });
  }
  net::Request only() {
    const auto calls = http.calls();
    EXPECT_EQ(calls.size(), 1u);
    return calls.empty() ? net::Request{} : calls.front().request;
  }
};

TEST_F(ClientTest, GetReturnsTheObject) {
  answer(200, R"({"kind":"Pod","metadata":{"name":"a"}})");
  const auto got = client.get(resources::kPods, "shop", "a", kNever);
  ASSERT_TRUE(got.ok()) << got.status().toString();
  EXPECT_EQ((*got).at("kind"), "Pod");
  EXPECT_EQ(only().target, "/api/v1/namespaces/shop/pods/a");
  EXPECT_EQ(only().method, net::Method::kGet);
  EXPECT_TRUE(only().body.empty());
}

TEST_F(ClientTest, ANameThatWouldAddressTheCollectionIsRefusedBeforeAnythingIsSent) {
  for (const char* name : {"", ".", "..", "pod/status", "a%2Fb"}) {
    EXPECT_EQ(client.get(resources::kPods, "shop", name, kNever).status().code(),
              Code::kInvalidArgument);
    EXPECT_EQ(client.remove(resources::kPods, "shop", name, {}, kNever).code(),
              Code::kInvalidArgument);
    EXPECT_EQ(client.mergePatch(resources::kPods, "shop", name, {}, kNever).status().code(),
              Code::kInvalidArgument);
    EXPECT_EQ(client.apply(resources::kPods, {{"metadata", {{"name", name}}}}, "m", kNever)
                  .status()
                  .code(),
              Code::kInvalidArgument);
  }
  EXPECT_EQ(client.get(resources::kPods, "..", "a", kNever).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(
      client.create(resources::kPods, "a/b", nlohmann::json::object(), kNever).status().code(),
      Code::kInvalidArgument);
  EXPECT_EQ(client.apply(resources::kPods, nlohmann::json(3), "m", kNever).status().code(),
            Code::kInvalidArgument);
  EXPECT_TRUE(http.calls().empty());
}

TEST_F(ClientTest, CreatePostsToTheCollectionWithStrictValidation) {
  answer(201, R"({"kind":"ConfigMap"})");
  ASSERT_TRUE(client.create(resources::kConfigMaps, "ns", {{"kind", "ConfigMap"}}, kNever).ok());
  EXPECT_EQ(only().method, net::Method::kPost);
  EXPECT_EQ(only().target, "/api/v1/namespaces/ns/configmaps?fieldValidation=Strict");
  EXPECT_EQ(only().content_type, "application/json");
  EXPECT_EQ(only().body, R"({"kind":"ConfigMap"})");
}

TEST_F(ClientTest, ApplyIsAForcedServerSideApplyOfOneManager) {
  answer(200, "{}");
  const nlohmann::json object = {{"metadata", {{"name", "a"}, {"namespace", "ns"}}}};
  ASSERT_TRUE(client.apply(resources::kServers, object, "profiling/status", kNever, "status").ok());
  EXPECT_EQ(only().method, net::Method::kPatch);
  EXPECT_EQ(only().target,
            "/apis/profiling.dev/v1alpha1/namespaces/ns/profilingservers/a/status"
            "?fieldManager=profiling%2Fstatus&force=true&fieldValidation=Strict");
  EXPECT_EQ(only().content_type, "application/apply-patch+yaml");
  EXPECT_EQ(nlohmann::json::parse(only().body), object);
}

TEST_F(ClientTest, ApplyWithoutAManagerIsRefused) {
  const nlohmann::json object = {{"metadata", {{"name", "a"}}}};
  EXPECT_EQ(client.apply(resources::kNamespaces, object, "", kNever).status().code(),
            Code::kInvalidArgument);
  EXPECT_TRUE(http.calls().empty());
}

TEST_F(ClientTest, BytesThatAreNotUtf8DoNotThrow) {
  answer(200, "{}");
  ASSERT_TRUE(client.mergePatch(resources::kPods, "ns", "a", {{"x", "\xff"}}, kNever).ok());
  EXPECT_EQ(only().body, "{\"x\":\"\xEF\xBF\xBD\"}");
  EXPECT_EQ(only().content_type, "application/merge-patch+json");
}

TEST_F(ClientTest, RemoveSendsItsPreconditions) {
  answer(200, R"({"kind":"Status","status":"Success"})");
  ASSERT_TRUE(client.remove(resources::kPods, "ns", "a", {"uid-1", "17"}, kNever).ok());
  EXPECT_EQ(only().method, net::Method::kDelete);
  const auto body = nlohmann::json::parse(only().body);
  EXPECT_EQ(body.at("kind"), "DeleteOptions");
  EXPECT_EQ(body.at("preconditions"),
            (nlohmann::json{{"uid", "uid-1"}, {"resourceVersion", "17"}}));
}

TEST_F(ClientTest, RemoveLeavesOutAPreconditionThatIsNotGiven) {
  answer(200, "{}");
  ASSERT_TRUE(client.remove(resources::kPods, "ns", "a", {"uid-1", ""}, kNever).ok());
  EXPECT_EQ(nlohmann::json::parse(only().body).at("preconditions"),
            (nlohmann::json{{"uid", "uid-1"}}));
}

TEST_F(ClientTest, AGetIsRepeatedOnceAfterABrokenConnection) {
  int n = 0;
  http.onSend([&](const net::Request&) -> Result<net::Response> {
    if (++n == 1) return Status(Code::kUnavailable, "connection reset");
    return FakeHttp::json(200, "{}");
  });
  EXPECT_TRUE(client.get(resources::kPods, "ns", "a", kNever).ok());
  EXPECT_EQ(n, 2);
}

TEST_F(ClientTest, AGetIsNotRepeatedForEver) {
  http.onSend([](const net::Request&) -> Result<net::Response> {
    return Status(Code::kUnavailable, "connection refused");
  });
  EXPECT_EQ(client.get(resources::kPods, "ns", "a", kNever).status().code(), Code::kUnavailable);
  EXPECT_EQ(http.calls().size(), 2u);
  EXPECT_LE(http.calls().at(1).limits.total, http.calls().at(0).limits.total);
}

TEST_F(ClientTest, AnsweredRequestsAreNotRepeatedEvenAfter503) {
  answer(503, "");
  EXPECT_EQ(client.get(resources::kPods, "ns", "a", kNever).status().code(), Code::kUnavailable);
  EXPECT_EQ(http.calls().size(), 1u);
}

TEST_F(ClientTest, AWriteIsNeverRepeated) {
  http.onSend([](const net::Request&) -> Result<net::Response> {
    return Status(Code::kUnavailable, "connection reset");
  });
  const nlohmann::json object = {{"metadata", {{"name", "a"}}}};
  EXPECT_FALSE(client.create(resources::kPods, "ns", object, kNever).ok());
  EXPECT_FALSE(client.apply(resources::kNamespaces, object, "m", kNever).ok());
  EXPECT_FALSE(client.mergePatch(resources::kPods, "ns", "a", object, kNever).ok());
  EXPECT_FALSE(client.remove(resources::kPods, "ns", "a", {}, kNever).ok());
  EXPECT_EQ(http.calls().size(), 4u);
}

TEST_F(ClientTest, ErrorsNameTheRequestAndHoldNoBody) {
  answer(422, R"({"kind":"Status","reason":"Invalid","message":"spec.x: Required value"})");
  const nlohmann::json secret = {{"metadata", {{"name", "a"}}}, {"data", {{"k", "canary"}}}};
  const Status status = client.apply(resources::kNamespaces, secret, "m", kNever).status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("PATCH /api/v1/namespaces/a"));
  EXPECT_THAT(status.message(), HasSubstr("spec.x: Required value"));
  EXPECT_THAT(status.message(), Not(HasSubstr("canary")));
}

TEST_F(ClientTest, AnAnswerThatIsNotJsonIsAnErrorWithoutItsText) {
  answer(200, "<html>canary</html>");
  const Status status = client.get(resources::kPods, "ns", "a", kNever).status();
  EXPECT_EQ(status.code(), Code::kInternal);
  EXPECT_THAT(status.message(), Not(HasSubstr("canary")));
}

TEST_F(ClientTest, JsonThatIsTooDeepIsRefused) {
  answer(200, std::string(100'000, '['));
  EXPECT_EQ(client.get(resources::kPods, "ns", "a", kNever).status().code(), Code::kInternal);
  answer(200, R"({"a":"[[[[\"[["})");
  EXPECT_TRUE(client.get(resources::kPods, "ns", "a", kNever).ok());
}

TEST_F(ClientTest, CancellationIsPassedOn) {
  std::stop_source stop;
  stop.request_stop();
  answer(200, "{}");
  EXPECT_EQ(client.get(resources::kPods, "ns", "a", stop.get_token()).status().code(),
            Code::kCancelled);
}

struct CodeCase {
  int http;
  std::string reason;
  Code code;
};

TEST(StatusOf, MapsCodesAndReasons) {
  for (const CodeCase& c :
       std::vector<CodeCase>{{400, "BadRequest", Code::kInvalidArgument},
                             {401, "Unauthorized", Code::kUnauthenticated},
                             {403, "Forbidden", Code::kPermissionDenied},
                             {404, "NotFound", Code::kNotFound},
                             {405, "MethodNotAllowed", Code::kInvalidArgument},
                             {409, "AlreadyExists", Code::kAlreadyExists},
                             {409, "Conflict", Code::kConflict},
                             {409, "", Code::kConflict},
                             {410, "Expired", Code::kGone},
                             {410, "Gone", Code::kGone},
                             {413, "RequestEntityTooLarge", Code::kTooLarge},
                             {415, "UnsupportedMediaType", Code::kInvalidArgument},
                             {422, "Invalid", Code::kInvalidArgument},
                             {429, "TooManyRequests", Code::kRateLimited},
                             {500, "InternalError", Code::kUnavailable},
                             {502, "", Code::kUnavailable},
                             {503, "ServiceUnavailable", Code::kUnavailable},
                             {504, "Timeout", Code::kDeadlineExceeded},
                             {302, "", Code::kInternal},
                             {0, "", Code::kInternal}}) {
    const nlohmann::json body = {{"kind", "Status"}, {"reason", c.reason}, {"message", "m"}};
    EXPECT_EQ(statusOf(FakeHttp::json(c.http, body.dump())).code(), c.code) << c.http << c.reason;
  }
  EXPECT_TRUE(statusOf(FakeHttp::json(200, "")).ok());
  EXPECT_TRUE(statusOf(FakeHttp::json(201, "{}")).ok());
}

TEST(StatusOf, ApplyingAFieldUnknownToTheSchemaIsAnInvalidArgument) {
  // As kube-apiserver 1.34 answers it.
  const Status status = statusOf(FakeHttp::json(
      500,
      R"({"kind":"Status","status":"Failure","message":"failed to create typed patch object (ns/a; /v1, Kind=ConfigMap): .dattta: field not declared in schema","code":500})"));
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
}

TEST(StatusOf, RetryAfterComesFromTheHeaderElseFromTheDetails) {
  net::Response r = FakeHttp::json(429, R"({"kind":"Status","details":{"retryAfterSeconds":7}})");
  EXPECT_EQ(statusOf(r).retryAfter(), std::chrono::seconds(7));
  r.retry_after = " 30 ";
  EXPECT_EQ(statusOf(r).retryAfter(), std::chrono::seconds(30));
  r.retry_after = "99999999";
  EXPECT_EQ(statusOf(r).retryAfter(), std::chrono::seconds(3600)) << "bounded";
  r.retry_after = "Wed, 21 Oct 2026 07:28:00 GMT";
  EXPECT_EQ(statusOf(r).retryAfter(), std::chrono::seconds(7)) << "a date is not understood";
  r.body = "";
  EXPECT_EQ(statusOf(r).retryAfter(), std::nullopt);
  r.retry_after = "-5";
  EXPECT_EQ(statusOf(r).retryAfter(), std::nullopt);
}

TEST(StatusOf, TheServersTextIsCutAndMadePrintable) {
  const nlohmann::json body = {{"kind", "Status"},
                               {"message", "line\nbreak \x1b[31m" + std::string(5000, 'x')}};
  const Status status = statusOf(FakeHttp::json(500, body.dump()));
  EXPECT_LT(status.message().size(), 500u);
  EXPECT_THAT(status.message(), HasSubstr("line break  [31m"));
}

TEST(StatusOf, ABodyThatIsNotAStatusIsNotQuoted) {
  for (const char* body :
       {"<html>canary</html>", R"({"kind":"Secret","message":"canary"})", R"(["canary"])",
        R"({"kind":"Status","message":{"canary":1},"reason":7})"}) {
    const Status status = statusOf(FakeHttp::json(500, body));
    EXPECT_EQ(status.message(), "HTTP 500");
  }
}

}  // namespace
}  // namespace profiling::kube
