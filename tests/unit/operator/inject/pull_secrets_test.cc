// The Secrets that pods pull an agent's image with.
#include <nlohmann/json.hpp>

#include "operator/api/k8s/pod_decoder.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using nlohmann::json;

Settings withSecrets() {
  Settings s = settings();
  s.pull_secrets = {"agents", "mirror"};
  return s;
}

// The operations of the patch on the pod's imagePullSecrets.
json changes(const api::PodView& p, api::Language language = api::Language::kPython) {
  auto e = policy();
  e->policy.spec.languages = {language};
  const Settings s = withSecrets();
  const std::string patch = renderPatch(planUnder({e}, p, s), p, s);
  json out = json::array();
  if (patch.empty()) return out;
  for (const json& operation : json::parse(patch)) {
    if (operation["path"].get<std::string>().starts_with("/spec/imagePullSecrets")) {
      out.push_back(operation);
    }
  }
  return out;
}

TEST(PullSecrets, APodWithoutAnyGetsTheList) {
  EXPECT_EQ(changes(pod()), json::parse(R"([
    {"op":"add","path":"/spec/imagePullSecrets","value":[{"name":"agents"}]},
    {"op":"add","path":"/spec/imagePullSecrets/-","value":{"name":"mirror"}}])"));
}

TEST(PullSecrets, ThoseOfThePodStayAndAreNotRepeated) {
  api::PodView p = pod();
  p.has_pull_secrets = true;
  p.pull_secrets = {"own", "mirror"};
  EXPECT_EQ(changes(p), json::parse(R"([
    {"op":"add","path":"/spec/imagePullSecrets/-","value":{"name":"agents"}}])"));
}

TEST(PullSecrets, APodThatGetsNoAgentGetsNone) {
  api::PodView p = pod();
  p.os_name = "windows";
  annotate(p, api::kInjectKey, "true");
  EXPECT_EQ(changes(p), json::array());
}

TEST(PullSecrets, ADecodedPodHasTheNamesOfItsOwn) {
  api::PodJson source;
  ASSERT_TRUE(source
                  .parse(R"({"metadata":{"name":"p"},"spec":{"containers":[],
                             "imagePullSecrets":[{"name":"a"},{},{"name":"b"}]}})")
                  .ok());
  api::PodView p;
  std::string problem;
  ASSERT_TRUE(source.readMetadata(p).ok());
  ASSERT_TRUE(source.readSpec(p, problem).ok());
  EXPECT_EQ(problem, "");
  EXPECT_TRUE(p.has_pull_secrets);
  EXPECT_EQ(p.pull_secrets, (std::vector<std::string_view>{"a", "b"}));
}

}  // namespace
}  // namespace profiling::inject
