// Objects whose texts hold control characters, shown by every sub-command: none reaches the terminal.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/base/hidden_text.h"
#include "operator/base/text.h"
#include "operator/cli/cli.h"
#include "tests/support/fake_http.h"
#include "tests/unit/operator/cli/support.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;
using test::FakeHttp;
using testing::HasSubstr;

// ESC, CSI of C1, a direction override, zero width, a tag.
constexpr const char* kHostile =
    "x\x1b[2J\xC2\x9B"
    "1;1H\xE2\x80\xAE\xE2\x80\x8B\xF3\xA0\x81\x81y";

// Puts kHostile into every text but those that name or choose an object.
void poison(Json& value, const std::string& key = {}) {
  static const std::set<std::string> kKept{"kind", "apiVersion", "name", "namespace", "uid",
                                           "url",  "time",       "from", "mode",      "activation"};
  if (value.is_string() && !kKept.contains(key)) value = value.get<std::string>() + kHostile;
  if (!value.is_structured()) return;
  for (const auto& [name, child] : value.items()) poison(child, value.is_array() ? key : name);
}

testing::AssertionResult isClean(const std::string& text) {
  std::string_view left = text;
  while (!left.empty()) {
    const std::size_t n = utf8Length(left);
    if (n == 0) return testing::AssertionFailure() << "not UTF-8: " << text;
    const std::string_view c = left.substr(0, n);
    if (c != "\n" && c != "\t" && isHidden(c)) {
      return testing::AssertionFailure() << "a hidden character in: " << printable(text, 4000);
    }
    left.remove_prefix(n);
  }
  return testing::AssertionSuccess();
}

class Hostile : public testing::TestWithParam<std::vector<std::string>> {
 protected:
  Hostile() {
    const std::string api = "/apis/profiling.dev/v1alpha1/namespaces/shop/";
    Json policy = policyJson("tags: {team: a}",
                             "phase: P, targetRevision: b, rollout: {revision: b, step: 1, steps: "
                             "2, message: m, reason: r}, "
                             "conditions: [{type: Ready, status: 'False', reason: R, message: m}]");
    Json web = workloadJson("web",
                            "phase: Missed, targetRevision: r, languages: [Java], rollout: {state: "
                            "Soaking, reason: r, message: m, "
                            "history: [{revision: h, result: Complete, message: m}]}");
    poison(policy["status"]);
    poison(web["status"]);
    poison(web["metadata"]["annotations"]);
    answers_[api + "profilingpolicies/checkout"] = policy;
    answers_[api + "profilingpolicies?limit=500"] = {{"items", {policy}}};
    answers_[api + "workloadprofiles/deployment-web"] = web;
    answers_[api + "workloadprofiles?limit=500"] = {{"items", {web}}};
    http_.onSend([this](const net::Request& request) -> Result<net::Response> {
      const auto found = answers_.find(request.target);
      if (found != answers_.end()) return FakeHttp::json(200, found->second.dump());
      const Json refused{{"kind", "Status"}, {"reason", "Forbidden"}, {"message", kHostile}};
      return FakeHttp::json(request.method == net::Method::kPatch ? 200 : 403, refused.dump());
    });
    std::ofstream(file_) << R"(
apiVersion: profiling.dev/v1alpha1
kind: "ProfilingPolicy"
metadata: {name: "a\e[2J\x9B\u202E\u200B", namespace: shop}
spec: {endpoint: {url: "http://a.example"}, "bad\e[2J\x9B\u202E": "v\e[2J", mode: "m\e\x9B", tags: {"k\x9B": "v\u202E"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "web\e[2J\x9B\u202E\u200B", namespace: shop}
spec:
  template:
    metadata: {annotations: {profiling.dev/inject: "\e[2J\x9B\u202E", "profiling.dev/\x9B": "\u202E", profiling.dev/tags: "a\x9B"}}
    spec: {containers: [{name: "app\e\x9B", image: "i\e\x9B\u202E", env: [{name: "PYROSCOPE_S3_\x9B", value: "\e"}]}]}
)";
  }
  ~Hostile() override { std::filesystem::remove(file_); }

  const std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("hostile-" + std::to_string(getpid()) + ".yaml");
  FakeHttp http_;
  std::map<std::string, Json> answers_;
};

TEST_P(Hostile, NothingOfItReachesTheTerminal) {
  std::vector<std::string> words = GetParam();
  for (std::string& word : words) {
    if (word == "FILE") word = file_.string();
  }
  for (const bool terminal : {true, false}) {
    std::ostringstream out;
    std::ostringstream err;
    auto parsed = parseOptions("kubectl profiling", words, out, err);
    ASSERT_TRUE(std::holds_alternative<Options>(parsed)) << err.str();
    ApiServer server(http_, "shop");
    const Screen screen{out, err, {}, terminal};
    run(std::get<Options>(parsed), &server, screen, noon());
    EXPECT_TRUE(isClean(out.str()));
    EXPECT_TRUE(isClean(err.str()));
    EXPECT_NE(out.str() + err.str(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(
    SubCommands, Hostile,
    testing::Values(std::vector<std::string>{"rollout", "status", "checkout"},
                    std::vector<std::string>{"rollout", "status", "checkout", "-o", "wide"},
                    std::vector<std::string>{"rollout", "status", "checkout", "-o", "json"},
                    std::vector<std::string>{"rollout", "status", "checkout", "-o", "yaml"},
                    std::vector<std::string>{"rollout", "status"},
                    std::vector<std::string>{"pause", "deployment/web"},
                    std::vector<std::string>{"rollout", "status", "-A"},
                    std::vector<std::string>{"rollout", "history", "deployment/web"},
                    std::vector<std::string>{"rollout", "history", "deployment/web", "-o", "yaml"},
                    std::vector<std::string>{"plan", "checkout"},
                    std::vector<std::string>{"plan", "checkout", "-o", "json"},
                    std::vector<std::string>{"rollout", "pause", "checkout"},
                    std::vector<std::string>{"rollout", "abort", "checkout", "--dry-run"},
                    std::vector<std::string>{"explain", "-f", "FILE"},
                    std::vector<std::string>{"explain", "-f", "FILE", "-o", "json"},
                    std::vector<std::string>{"inject", "-f", "FILE"},
                    std::vector<std::string>{"inject", "-f", "FILE", "-o", "json"},
                    std::vector<std::string>{"lint", "-f", "FILE"},
                    std::vector<std::string>{"lint", "-f", "FILE", "-o", "yaml"}));

}  // namespace
}  // namespace profiling::cli
