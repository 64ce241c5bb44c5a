// Commands against a fake API server: requests, patches and output.
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/cli/cli.h"
#include "tests/support/fake_http.h"
#include "tests/unit/operator/cli/support.h"

namespace profiling::cli {
namespace {

using test::FakeHttp;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr const char* kPolicies = "/apis/profiling.dev/v1alpha1/namespaces/shop/profilingpolicies";
constexpr const char* kRecords = "/apis/profiling.dev/v1alpha1/namespaces/shop/workloadprofiles";

struct Output {
  int code = -1;
  std::string out, err;
};

class Cli : public ::testing::Test {
 protected:
  Cli() {
    http_.onSend([this](const net::Request& request) -> Result<net::Response> {
      if (request.method == net::Method::kPatch) {
        sent_ = request;
        return FakeHttp::json(200, "{}");
      }
      const auto found = answers_.find(request.target);
      if (found != answers_.end()) return FakeHttp::json(200, found->second.dump());
      return FakeHttp::json(404, R"({"kind":"Status","reason":"NotFound","message":"no"})");
    });
    const Json checkout = policyJson(
        "", "phase: Progressing, targetRevision: b, rollout: {revision: b, step: 1, steps: 2}");
    const Json web =
        workloadJson("web", "pods: {total: 2, profiled: 1}, rollout: {state: Soaking}");
    put(std::string(kPolicies) + "/checkout", checkout);
    put(std::string(kPolicies) + "?limit=500", {{"items", {checkout}}});
    put(std::string(kRecords) + "/deployment-web", web);
    put(std::string(kRecords) + "?limit=500", {{"items", {web}}});
  }

  void put(const std::string& target, Json body) { answers_[target] = std::move(body); }

  Output run(std::vector<std::string> words) {
    std::ostringstream out;
    std::ostringstream err;
    auto parsed = parseOptions("kubectl profiling", std::move(words), out, err);
    if (const int* code = std::get_if<int>(&parsed)) return {*code, out.str(), err.str()};
    ApiServer server(http_, "shop");
    const int code = cli::run(std::get<Options>(parsed), &server, {out, err, {}}, noon());
    return {code, out.str(), err.str()};
  }

  FakeHttp http_;
  std::map<std::string, Json> answers_;
  std::optional<net::Request> sent_;
};

TEST_F(Cli, StatusShowsThePolicyAndItsWorkloads) {
  const Output output = run({"rollout", "status", "checkout"});
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("Phase:       Progressing"));
  EXPECT_THAT(output.out, HasSubstr("deployment/web   Soaking"));
  EXPECT_THAT(output.out, Not(HasSubstr("\x1b")));
}

TEST_F(Cli, StatusAsJsonHasTheFieldsOfTheApi) {
  const Json output = Json::parse(run({"rollout", "status", "checkout", "-o", "json"}).out);
  EXPECT_EQ(output["policy"]["status"]["rollout"]["revision"], "b");
  EXPECT_EQ(output["workloads"][0]["name"], "deployment/web");
  EXPECT_EQ(output["workloads"][0]["status"]["rollout"]["state"], "Soaking");
  EXPECT_THAT(run({"rollout", "status", "checkout", "-o", "yaml"}).out,
              HasSubstr("state: Soaking"));
}

TEST_F(Cli, StatusWithoutAPolicyListsAll) {
  EXPECT_THAT(run({"rollout", "status"}).out, HasSubstr("policy/checkout   Progressing   b"));
  EXPECT_THAT(run({"rollout", "status", "-A"}).err, HasSubstr("is profiling-operator installed"));
}

TEST_F(Cli, UnknownPolicyIsReportedWithTheExistingOnes) {
  const Output output = run({"rollout", "status", "chekout"});
  EXPECT_EQ(output.code, 1);
  EXPECT_EQ(output.out, "");
  EXPECT_EQ(
      output.err,
      "error: ProfilingPolicy 'chekout' not found in namespace 'shop'; available: 'checkout'\n");
}

TEST_F(Cli, VerbSendsOneMergePatchAndReportsIt) {
  const Output output = run({"rollout", "pause", "checkout"});
  EXPECT_EQ(output.code, 0);
  EXPECT_EQ(output.out, "profilingpolicy.profiling.dev/checkout paused\n");
  ASSERT_TRUE(sent_);
  EXPECT_EQ(sent_->target, std::string(kPolicies) +
                               "/checkout?fieldValidation=Strict&fieldManager=kubectl-profiling");
  EXPECT_EQ(sent_->body, R"({"spec":{"rollout":{"paused":true}}})");
  EXPECT_EQ(sent_->content_type, "application/merge-patch+json");
}

TEST_F(Cli, DryRunAndVerbWithoutEffectSendNothing) {
  EXPECT_EQ(run({"rollout", "promote", "checkout", "--dry-run"}).out,
            "profilingpolicy.profiling.dev/checkout promoted to step 2/2 of revision b (dry run)\n"
            R"({"metadata":{"annotations":{"profiling.dev/promote":"b/0/2"}}})"
            "\n");
  EXPECT_EQ(run({"rollout", "resume", "checkout"}).out,
            "profilingpolicy.profiling.dev/checkout is not paused\n");
  EXPECT_FALSE(sent_);
}

TEST_F(Cli, WorkloadVerbPatchesItsProfile) {
  EXPECT_EQ(run({"skip", "deploy/web"}).out,
            "workloadprofile.profiling.dev/deployment-web skipped\n");
  ASSERT_TRUE(sent_);
  EXPECT_THAT(sent_->target, HasSubstr("/workloadprofiles/deployment-web?"));
  EXPECT_EQ(sent_->body, R"({"spec":{"skip":true}})");
  EXPECT_THAT(run({"skip", "deploy/wbe"}).err,
              HasSubstr("no WorkloadProfile for Deployment 'wbe' in namespace 'shop'"));
}

TEST_F(Cli, ListFollowsPages) {
  put(std::string(kRecords) + "?limit=500",
      {{"metadata", {{"continue", "next="}}}, {"items", {workloadJson("web", "")}}});
  put(std::string(kRecords) + "?limit=500&continue=next%3D",
      {{"items", {workloadJson("api", "")}}});
  const Output output = run({"rollout", "status", "checkout"});
  EXPECT_THAT(output.out, HasSubstr("deployment/web"));
  EXPECT_THAT(output.out, HasSubstr("deployment/api"));
}

TEST_F(Cli, UnreadableObjectIsReportedAndOthersAreShown) {
  Json bad = workloadJson("bad", "");
  bad["status"]["pods"] = "many";
  put(std::string(kRecords) + "?limit=500", {{"items", {bad, workloadJson("web", "")}}});
  const Output output = run({"rollout", "status", "checkout"});
  EXPECT_THAT(output.out, HasSubstr("deployment/web"));
  EXPECT_THAT(output.err, HasSubstr("skipped workloadprofiles 'deployment-bad': at /status/pods"));
}

TEST_F(Cli, PlanAndHistoryPrintTables) {
  EXPECT_THAT(run({"plan", "checkout"}).out, HasSubstr("deployment/web   1/1"));
  EXPECT_THAT(run({"plan", "-f", "/no/such.yaml"}).err, HasSubstr("/no/such.yaml: no such file"));
  EXPECT_THAT(run({"rollout", "history", "deployment/web"}).err,
              HasSubstr("No revision of deployment/web has finished yet"));
}

TEST_F(Cli, RefusalOfTheServerIsReported) {
  http_.onSend([](const net::Request&) {
    return FakeHttp::json(403, R"({"kind":"Status","reason":"Forbidden","message":"not you"})");
  });
  const Output output = run({"rollout", "status", "checkout"});
  EXPECT_EQ(output.code, 1);
  EXPECT_THAT(output.err, HasSubstr("not you"));
}

// Watches are streams: current objects first, then changes.
TEST_F(Cli, WatchEndsWithTheRollout) {
  const auto line = [](const char* type, const Json& object) {
    return Json{{"type", type}, {"object", object}}.dump() + "\n";
  };
  const Json end = yaml(
      "{kind: X, metadata: {resourceVersion: '5', annotations: {k8s.io/initial-events-end: "
      "'true'}}}");
  for (const auto& [phase, code] : {std::pair{"Active", 0}, std::pair{"Halted", 1}}) {
    http_.onStream(
        [&, phase = std::string(phase)](const net::Request& request, const net::ByteSink& sink,
                                        const std::stop_token& stop) -> Result<net::Response> {
          Json object = request.target.find("profilingpolicies") != std::string::npos
                            ? policyJson("", "phase: " + phase)
                            : workloadJson("web", "rollout: {state: Complete}");
          object["metadata"]["resourceVersion"] = "4";
          if (request.target.find("sendInitialEvents") != std::string::npos) {
            if (Status s = sink(line("ADDED", object)); !s.ok()) return s;
            if (Status s = sink(line("BOOKMARK", end)); !s.ok()) return s;
          }
          return FakeHttp::blockUntil(stop);
        });
    const Output output = run({"rollout", "status", "checkout", "--watch", "--timeout", "20s"});
    EXPECT_EQ(output.code, code) << output.err;
    EXPECT_THAT(output.out, HasSubstr("policy/checkout: " + std::string(phase)));
    EXPECT_THAT(output.out, HasSubstr("deployment/web: Complete"));
  }
}

// Anyone may have edited the annotation of a pod.
TEST_F(Cli, ExplainShowsTheDecisionAtStart) {
  const auto explain = [&](const char* decision) {
    Json pod = {{"kind", "Pod"},
                {"metadata", {{"name", "web-1"}, {"namespace", "shop"}}},
                {"spec", {{"containers", {{{"name", "app"}, {"image", "x"}}}}}}};
    if (decision != nullptr) {
      pod["metadata"]["annotations"] = {{"profiling.dev/decision", decision}};
    }
    put("/api/v1/namespaces/shop/pods/web-1", pod);
    return run({"explain", "pod/web-1"}).out;
  };
  EXPECT_THAT(explain(R"({"action":"injected","reason":"Injected","revision":"abc"})"),
              HasSubstr("at start: injected, Injected (revision abc)"));
  EXPECT_THAT(explain(R"({"action":"skipped","reason":"EnvValueFrom","revision":7})"),
              HasSubstr("at start: skipped, EnvValueFrom\n"));
  for (const char* bad : {"{", "7", R"({"action":7})"}) {
    EXPECT_THAT(explain(bad), HasSubstr("annotation is not readable")) << bad;
  }
  EXPECT_THAT(explain(nullptr), HasSubstr("at start: no decision"));
}

}  // namespace
}  // namespace profiling::cli
