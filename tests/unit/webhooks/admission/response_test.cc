#include "webhooks/admission/response.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/base/encoding.h"

namespace profiling::admission {
namespace {

using nlohmann::json;

TEST(Response, AllowsWithoutPatch) {
  EXPECT_EQ(json::parse(allowedResponse("u-1", "", {})),
            json::parse(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",
                            "response":{"uid":"u-1","allowed":true}})"));
}

TEST(Response, PatchComesWithPatchType) {
  const json r = json::parse(allowedResponse("u", R"([{"op":"add"}])", {}))["response"];
  EXPECT_EQ(r.at("patchType"), "JSONPatch");
  EXPECT_EQ(base64Decode(r.at("patch").get<std::string>()), R"([{"op":"add"}])");
}

TEST(Response, EscapesTheUid) {
  EXPECT_EQ(json::parse(allowedResponse("a\"\\b", "", {}))["response"]["uid"], "a\"\\b");
}

TEST(Response, CutsWarnings) {
  const json r =
      json::parse(allowedResponse("u", "", {"short", std::string(1000, 'x')}))["response"];
  ASSERT_EQ(r.at("warnings").size(), 2u);
  EXPECT_EQ(r["warnings"][0], "short");
  EXPECT_LE(r["warnings"][1].get<std::string>().size(), kMaxWarningBytes);
  const json many = json::parse(
      allowedResponse("u", "", std::vector<std::string>(100, std::string(200, 'y'))))["response"];
  EXPECT_EQ(many["warnings"].size(), kMaxWarningsBytes / 200);
}

TEST(Response, AWarningIsAlwaysValidJson) {
  const json r =
      json::parse(allowedResponse("u", "", {std::string("a\0\x80\n\"b", 6)}))["response"];
  EXPECT_EQ(r["warnings"][0], "a ? \"b");
}

TEST(Response, ADenialIsInvalidWithItsMessage) {
  const json r = json::parse(deniedResponse("u\"1", "at /spec: \"x\"\n"))["response"];
  EXPECT_EQ(r["uid"], "u\"1");
  EXPECT_EQ(r["allowed"], false);
  EXPECT_EQ(r["status"],
            json::parse(R"({"code":422,"reason":"Invalid","message":"at /spec: \"x\" "})"));
  const json cut = json::parse(deniedResponse("u", std::string(5000, 'x')))["response"];
  EXPECT_LE(cut["status"]["message"].get<std::string>().size(), kMaxMessageBytes);
}

}  // namespace
}  // namespace profiling::admission
