// One admission without the network: body in, response out. It covers parse, decide, plan,
// render and encode.
#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/codec.h"
#include "tests/support/posted.h"
#include "webhooks/mutate_pod.h"

namespace {

using nlohmann::json;
using namespace profiling;  // NOLINT(google-build-using-namespace)

std::string review(std::size_t bytes, bool opted_in) {
  json container = {{"name", "app"},
                    {"image", "registry.example/shop/checkout:1.4.2"},
                    {"command", {"java", "-jar", "/app.jar"}},
                    {"resources", {{"limits", {{"cpu", "1"}, {"memory", "1Gi"}}}}},
                    {"env", json::array()}};
  json object = {{"apiVersion", "v1"},
                 {"kind", "Pod"},
                 {"metadata",
                  {{"generateName", "checkout-7d9c5b8f6d-"},
                   {"labels", {{"app", "checkout"}, {"pod-template-hash", "7d9c5b8f6d"}}},
                   {"annotations", {{opted_in ? "profiling.dev/inject" : "note", "true"}}},
                   {"ownerReferences",
                    {{{"apiVersion", "apps/v1"},
                      {"kind", "ReplicaSet"},
                      {"name", "checkout-7d9c5b8f6d"},
                      {"uid", "1b1f2a60-6b1e-4a43-8c1e-6e5f6b7a8c9d"},
                      {"controller", true}}}}}},
                 {"spec", {{"volumes", json::array()}}}};
  const auto wrap = [&] {
    object["spec"]["containers"] = json::array({container});
    return json{{"kind", "AdmissionReview"},
                {"apiVersion", "admission.k8s.io/v1"},
                {"request",
                 {{"uid", "705ab4f5-6393-11e8-b7cc-42010a800002"},
                  {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
                  {"resource", {{"group", ""}, {"version", "v1"}, {"resource", "pods"}}},
                  {"namespace", "shop"},
                  {"operation", "CREATE"},
                  {"object", object},
                  {"oldObject", nullptr},
                  {"dryRun", false}}}}
        .dump();
  };
  std::string text = wrap();
  while (text.size() < bytes) {
    const auto n = std::to_string(container["env"].size());
    container["env"].push_back(
        {{"name", "SETTING_" + n}, {"value", "value-" + n + std::string(40, 'x')}});
    text = wrap();
  }
  return text;
}

std::shared_ptr<const webhooks::Snapshot> snapshot() {
  const auto policy = api::policyFromJson(
      {{"metadata", {{"name", "shop"}, {"namespace", "shop"}}},
       {"spec",
        {{"endpoint", {{"url", "http://pyroscope.example:4040"}}}, {"languages", {"Java"}}}}});
  inject::Records<api::ProfilingPolicy> policies;
  policies["shop/shop"] = std::make_shared<const api::ProfilingPolicy>(*policy);
  api::AgentImages agents;
  for (auto& agent : agents) agent = {"registry.example/agent:1", "1"};
  return inject::buildSnapshot(policies, {}, {}, {}, agents);
}

void admission(benchmark::State& state, std::size_t bytes, bool opted_in, bool policies) {
  inject::Settings settings;
  for (auto& agent : settings.agents) agent = {"registry.example/agent:1", "1"};
  webhooks::PodMutator mutator(settings, {});
  if (policies) mutator.use(snapshot());
  const test::Posted posted(review(bytes, opted_in));
  const net::ServerRequest& request = posted.request();
  const bool patches = mutator.handle(request).body.find("\"patch\"") != std::string::npos;
  if (patches != (opted_in && policies)) state.SkipWithError("not the response that is measured");
  for (auto _ : state) benchmark::DoNotOptimize(mutator.handle(request));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * request.body.size()));
}

BENCHMARK_CAPTURE(admission, 5KB_injected, 5'000, true, true);
BENCHMARK_CAPTURE(admission, 5KB_not_opted_in, 5'000, false, true);
BENCHMARK_CAPTURE(admission, 5KB_namespace_without_policies, 5'000, false, false);
BENCHMARK_CAPTURE(admission, 42KB_injected, 42'000, true, true);
BENCHMARK_CAPTURE(admission, 42KB_not_opted_in, 42'000, false, true);

}  // namespace

BENCHMARK_MAIN();
