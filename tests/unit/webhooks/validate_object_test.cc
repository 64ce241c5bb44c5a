#include "webhooks/validate_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/posted.h"

namespace profiling::webhooks {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

json policy(json spec) {
  return {{"apiVersion", "profiling.dev/v1alpha1"},
          {"kind", "ProfilingPolicy"},
          {"metadata", {{"name", "shop"}}},
          {"spec", std::move(spec)}};
}
const json kToServer = {{"serverRef", {{"name", "pyroscope"}, {"namespace", "profiling"}}}};

// One server, "profiling/pyroscope", for namespaces of the team "shop".
KnownObjects known() {
  auto server = std::make_shared<api::ProfilingServer>();
  server->metadata.name = "pyroscope";
  server->metadata.namespace_ = "profiling";
  server->spec.allowed_namespaces.from = api::AllowFrom::kSelector;
  server->spec.allowed_namespaces.selector.match_labels["team"] = "shop";
  return {.server =
              [server](const std::string& key) {
                return key == "profiling/pyroscope" ? server : nullptr;
              },
          .namespace_labels =
              [](const std::string& name) {
                return name == "shop" ? std::map<std::string, std::string>{{"team", "shop"}}
                                      : std::map<std::string, std::string>{};
              }};
}

TEST(ValidateObject, AllowsValidObjects) {
  const Validation v = validateObject(policy(kToServer), "shop", known());
  EXPECT_EQ(v.error, "");
  EXPECT_THAT(v.warnings, IsEmpty());
}

TEST(ValidateObject, DeniesWithFieldValueAndWhatIsAllowed) {
  json spec = kToServer;
  spec["sampling"] = {{"cpuHz", 100000}};
  EXPECT_THAT(validateObject(policy(spec), "shop", known()).error,
              testing::AllOf(HasSubstr("/spec/sampling/cpuHz"), HasSubstr("100000")));
  spec = kToServer;
  spec["rollout"] = {{"pods", {{"steps", {50, 20, 100}}}}};
  EXPECT_THAT(validateObject(policy(spec), "shop", known()).error,
              HasSubstr("/rollout/pods/steps"));
}

TEST(ValidateObject, WarnsOfAMissingServer) {
  const Validation v =
      validateObject(policy({{"serverRef", {{"name", "other"}}}}), "shop", known());
  EXPECT_EQ(v.error, "") << "manifests may come in any order";
  ASSERT_THAT(v.warnings, SizeIs(1));
  EXPECT_THAT(v.warnings[0], HasSubstr("no ProfilingServer 'shop/other'; create it"));
}

TEST(ValidateObject, WarnsOfAServerThatDoesNotAdmitTheNamespace) {
  const Validation v = validateObject(policy(kToServer), "bank", known());
  EXPECT_EQ(v.error, "");
  ASSERT_THAT(v.warnings, SizeIs(1));
  EXPECT_THAT(v.warnings[0], HasSubstr("does not admit namespace 'bank'"));
}

TEST(ValidateObject, OtherKindsAreValid) {
  EXPECT_EQ(validateObject({{"kind", "Pod"}, {"spec", 7}}, "shop", known()).error, "");
  EXPECT_EQ(validateObject(json(7), "shop", known()).error, "");
}

json reviewOf(json object, const char* uid = "u-1") {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", uid}, {"namespace", "shop"}, {"operation", "CREATE"}, {"object", object}}}};
}
net::ServerResponse send(const std::string& body) {
  const ObjectValidator validator(known());
  return validator.handle(test::Posted(body).request());
}

TEST(ObjectValidator, DeniesWrongValuesAndAllowsTheRest) {
  json bad = policy(kToServer);
  bad["spec"]["sampling"] = {{"cpuHz", 1}};
  const json refused = json::parse(send(reviewOf(bad).dump()).body)["response"];
  EXPECT_EQ(refused["uid"], "u-1");
  EXPECT_EQ(refused["allowed"], false);
  EXPECT_EQ(refused["status"]["code"], 422);
  EXPECT_THAT(refused["status"]["message"].get<std::string>(), HasSubstr("cpuHz"));
  const json taken = json::parse(send(reviewOf(policy(kToServer)).dump()).body)["response"];
  EXPECT_EQ(taken["allowed"], true);
  EXPECT_FALSE(taken.contains("patch"));
}

TEST(ObjectValidator, AnObjectUnderDeletionIsAllowed) {
  json bad = policy({{"sampling", 7}});
  bad["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_EQ(json::parse(send(reviewOf(bad).dump()).body)["response"]["allowed"], true);
  json deletion = reviewOf(nullptr);
  EXPECT_EQ(json::parse(send(deletion.dump()).body)["response"]["allowed"], true);
}

TEST(ObjectValidator, ABodyThatIsNoReviewGets400) {
  std::string deep = R"({"request":{"uid":"u","object":)";
  for (int i = 0; i < 10000; ++i) deep += '[';
  for (const std::string& body : {std::string(), std::string("{"), std::string("7"),
                                  std::string(R"({"request":{}})"), deep}) {
    EXPECT_EQ(send(body).status, 400) << body.substr(0, 40);
  }
}

TEST(ObjectValidator, OnlyJsonOfABoundedSizeIsParsed) {
  const ObjectValidator validator(known());
  const std::string good = reviewOf(policy(kToServer)).dump();
  EXPECT_EQ(
      validator.handle(test::Posted(good, "application/json; charset=utf-8").request()).status,
      200);
  for (const char* type : {"", "text/plain", "application/jsonx"}) {
    EXPECT_EQ(validator.handle(test::Posted(good, type).request()).status, 415) << type;
  }
  EXPECT_EQ(send(good + std::string(kMaxObjectReview - good.size(), ' ')).status, 200);
  const auto refused = send(good + std::string(kMaxObjectReview - good.size() + 1, ' '));
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr(std::to_string(kMaxObjectReview)));
}

TEST(ObjectValidator, ARepeatedKeyIsRefusedWithItsPlace) {
  const auto refusedAt = [](const std::string& from, const std::string& to) {
    std::string body = reviewOf(policy(kToServer)).dump();
    body.replace(body.find(from), from.size(), to);
    const auto answer = send(body);
    EXPECT_EQ(answer.status, 400) << body;
    return answer.body;
  };
  EXPECT_THAT(refusedAt(R"("name":"pyroscope")", R"("name":"a","name":"pyroscope")"),
              HasSubstr("request.object: a key is there twice in /spec/serverRef"));
  EXPECT_THAT(refusedAt(R"("name":"pyroscope")", R"("name":"a","n\u0061me":"pyroscope")"),
              HasSubstr("/spec/serverRef"))
      << "escaped";
  std::string many;
  for (int i = 0; i < 40; ++i) many += "\"k" + std::to_string(i % 39) + "\":0,";
  EXPECT_THAT(refusedAt(R"("name":"shop")", many + R"("name":"shop")"), HasSubstr("/metadata"));
}

}  // namespace
}  // namespace profiling::webhooks
