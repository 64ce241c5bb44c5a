// libFuzzer on the webhook's handler: any bytes as a body. Checks: no crash; a response with
// 200 is an AdmissionReview that allows; a patch applies, and a second pass adds nothing.
#include <cstdlib>
#include <string>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/encoding.h"
#include "tests/support/posted.h"
#include "webhooks/mutate_pod.h"

namespace {

using namespace profiling;  // NOLINT(google-build-using-namespace)
using nlohmann::json;

const webhooks::PodMutator& mutator() {
  static webhooks::PodMutator* made = [] {
    inject::Settings settings;
    for (auto& agent : settings.agents) agent = {"registry.example/agent:1", "1"};
    auto* m =
        new webhooks::PodMutator(settings, {.decided = {}, .failed_open = [] { std::abort(); }});
    const auto policy = api::policyFromJson(
        {{"metadata", {{"name", "shop"}, {"namespace", "shop"}}},
         {"spec", {{"endpoint", {{"url", "http://p:4040"}}}, {"activation", "Selected"}}}});
    inject::Records<api::ProfilingPolicy> policies;
    policies["shop/shop"] = std::make_shared<const api::ProfilingPolicy>(*policy);
    m->use(inject::buildSnapshot(policies, {}, {}, {}, settings.agents));
    return m;
  }();
  return *made;
}

net::ServerResponse post(std::string body) {
  return mutator().handle(test::Posted(std::move(body)).request());
}

void require(bool condition) {
  if (!condition) std::abort();
}

// The request's object after the response's patch; null without one.
json patched(const json& review, const net::ServerResponse& answer) {
  const json out = json::parse(answer.body);
  require(out.at("response").at("allowed") == true);
  if (!out.at("response").contains("patch")) return nullptr;
  const auto patch = base64Decode(out.at("response").at("patch").get<std::string>());
  require(patch.has_value());
  return review.at("request").at("object").patch(json::parse(*patch));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const net::ServerResponse answer = post(body);
  require(answer.status == 200 || answer.status == 400);
  if (answer.status != 200) return 0;
  json review = json::parse(body);
  const json once = patched(review, answer);
  if (once.is_null()) return 0;
  review["request"]["object"] = once;
  const json twice = patched(review, post(review.dump()));
  require(twice.is_null());
  return 0;
}
