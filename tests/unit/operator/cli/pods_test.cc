// explain, inject and lint on files, as a person would run them.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "operator/cli/cli.h"
#include "operator/cli/pods/settings.h"
#include "operator/inject/languages/language.h"
#include "tests/support/source_dir.h"

namespace profiling::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kPolicy = R"(
apiVersion: profiling.dev/v1alpha1
kind: ProfilingPolicy
metadata: {name: shop, namespace: shop}
spec:
  endpoint: {url: "http://pyroscope.profiling.svc:4040"}
  languages: [Java]
)";

constexpr const char* kDeployment = R"(# The shop.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {profiling.dev/inject: "java"}
    spec:
      containers:
        - name: app
          image: registry.example/web:1
)";

constexpr const char* kService = R"(# Kept as it is.
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
)";

struct Said {
  int code = 0;
  std::string out, err;
};

class Pods : public testing::Test {
 protected:
  Pods() { fs::create_directories(folder_); }
  ~Pods() override { fs::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  static Said run(std::vector<std::string> words) {
    std::ostringstream out;
    std::ostringstream err;
    const auto parsed = parseOptions("kubectl profiling", std::move(words), out, err);
    if (const int* code = std::get_if<int>(&parsed)) return {*code, out.str(), err.str()};
    EXPECT_TRUE(worksOffline(std::get<Options>(parsed)));
    const int code = cli::run(std::get<Options>(parsed), nullptr, {out, err, {}});
    return {code, out.str(), err.str()};
  }

 private:
  const fs::path folder_ =
      fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(Pods, ExplainTellsTheAgentThePolicyAndTheRevision) {
  const Said said =
      run({"explain", "-f", file("app.yaml", kDeployment), "-f", file("policy.yaml", kPolicy)});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("Deployment/web gets an agent: Injected"));
  EXPECT_THAT(said.out, HasSubstr("policy/shop, revision "));
  EXPECT_THAT(said.out, HasSubstr("container app: java 2.1.2"));
}

TEST_F(Pods, ExplainFailsForAPodThatAsksInVainAndSaysWhatToDo) {
  const Said said = run({"explain", "-f", file("app.yaml", kDeployment)});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.out, HasSubstr("Deployment/web gets no agent: NoPolicy"));
  const std::string asks = "      annotations: {profiling.dev/inject: \"java\"}\n";
  std::string quiet = kDeployment;
  quiet.erase(quiet.find(asks), asks.size());
  EXPECT_EQ(run({"explain", "-f", file("quiet.yaml", quiet)}).code, 0) << "it asks for nothing";
}

TEST_F(Pods, ExplainAsJsonHasTheReasonsOfTheAnnotation) {
  const Said said = run({"explain", "-f", file("app.yaml", kDeployment), "-p",
                         file("policy.yaml", kPolicy), "-o", "json"});
  const Json pod = Json::parse(said.out)["pods"][0];
  EXPECT_EQ(pod["injected"], true);
  EXPECT_EQ(pod["reason"], "Injected");
  EXPECT_EQ(pod["containers"][0]["agents"], Json::array({"java 2.1.2"}));
  EXPECT_EQ(pod["policy"], "policy/shop");
}

TEST_F(Pods, ExplainTakesAServerAsItWillBe) {
  std::string policy = kPolicy;
  policy.replace(policy.find("endpoint: {url: \"http://pyroscope.profiling.svc:4040\"}"), 54,
                 "serverRef: {name: pyroscope}");
  const std::string app = file("app.yaml", kDeployment);
  const Said without = run({"explain", "-f", app, "-p", file("policy.yaml", policy)});
  EXPECT_EQ(without.code, 1);
  EXPECT_THAT(without.out, HasSubstr("ServerUnavailable"));
  EXPECT_THAT(without.out, HasSubstr("there is no ProfilingServer 'shop/pyroscope'; create it"));
  EXPECT_THAT(without.out, Not(HasSubstr("warning"))) << "it is said once";
  const Said with = run({"explain", "-f", app, "-p", file("all.yaml", policy + R"(---
apiVersion: profiling.dev/v1alpha1
kind: ProfilingServer
metadata: {name: pyroscope, namespace: shop}
spec: {storage: {type: Filesystem}}
)")});
  EXPECT_EQ(with.code, 0) << with.out << with.err;
}

TEST_F(Pods, InjectPatchesTemplatesAndLeavesTheRestAsItIsWritten) {
  const Said said =
      run({"inject", "-f", file("all.yaml", std::string(kService) + "---\n" + kDeployment), "-p",
           file("policy.yaml", kPolicy)});
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(said.out.starts_with(kService)) << said.out;
  EXPECT_THAT(said.out, Not(HasSubstr("ProfilingPolicy")));
  const std::vector<YAML::Node> documents = YAML::LoadAll(said.out);
  const YAML::Node pod = documents.at(1)["spec"]["template"];
  EXPECT_EQ(pod["spec"]["initContainers"][0]["image"].Scalar(),
            "profiling-operator/agent-java:2.1.2");
  EXPECT_TRUE(pod["metadata"]["labels"]["profiling.dev/profiled"]);
  EXPECT_FALSE(pod["metadata"]["labels"]["pod-template-hash"]);
  EXPECT_FALSE(pod["metadata"]["ownerReferences"]);
  EXPECT_FALSE(pod["metadata"]["generateName"]);
  EXPECT_EQ(documents.at(1)["metadata"]["name"].Scalar(), "web");
  // What was patched is recognised.
  const Said again =
      run({"inject", "-f", file("once.yaml", said.out), "-p", file("policy.yaml", kPolicy)});
  EXPECT_EQ(YAML::LoadAll(again.out).at(1)["spec"]["template"]["spec"]["initContainers"].size(),
            1U);
}

TEST_F(Pods, InjectTellsWhatItLeavesAlone) {
  const Said said = run({"inject", "-f", file("app.yaml", kDeployment)});
  EXPECT_EQ(said.code, 0);
  EXPECT_TRUE(said.out.starts_with(kDeployment));
  EXPECT_THAT(said.err, HasSubstr("Deployment/web: unchanged, NoPolicy"));
}

TEST_F(Pods, InjectTakesAnAgentImageOfOnesOwn) {
  const std::string app = file("app.yaml", kDeployment);
  const std::string policy = file("policy.yaml", kPolicy);
  EXPECT_THAT(run({"inject", "-f", app, "-p", policy, "--agent-image", "java=r:5/a:7"}).out,
              HasSubstr("r:5/a:7"));
  const Said wrong = run({"inject", "-f", app, "-p", policy, "--agent-image", "cobol=x"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("'cobol=x' must be LANGUAGE=IMAGE with one of java"));
}

TEST_F(Pods, BadFilesAreNamedWithTheLine) {
  const Said said = run({"explain", "-f", file("bad.yaml", std::string(kService) + "---\na: [\n")});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.err, HasSubstr("bad.yaml"));
  EXPECT_THAT(said.err, HasSubstr("line 8"));
  EXPECT_THAT(run({"explain", "-f", "/nowhere.yaml"}).err, HasSubstr("/nowhere.yaml"));
  EXPECT_THAT(run({"explain", "-f", file("s.yaml", kService)}).err, HasSubstr("no pod"));
}

TEST_F(Pods, LintFindsNothingInWhatIsRight) {
  const Said said =
      run({"lint", "-f", file("app.yaml", kDeployment), "-f", file("policy.yaml", kPolicy)});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out, IsEmpty());
  EXPECT_THAT(said.err, HasSubstr("2 objects, 0 findings"));
}

TEST_F(Pods, LintDoesNotMissWhatMayBeInTheCluster) {
  EXPECT_THAT(run({"lint", "-f", file("app.yaml", kDeployment)}).out, IsEmpty());
  std::string policy = kPolicy;
  policy.replace(policy.find("endpoint: {url: \"http://pyroscope.profiling.svc:4040\"}"), 54,
                 "serverRef: {name: pyroscope}");
  EXPECT_THAT(
      run({"lint", "-f", file("app.yaml", kDeployment), "-f", file("policy.yaml", policy)}).out,
      IsEmpty());
}

TEST_F(Pods, LintNamesFieldsThatAreNone) {
  std::string policy = kPolicy;
  policy += "  sampling: {cpuHertz: 100}\n";
  const Said said = run({"lint", "-f", file("policy.yaml", policy)});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.out, HasSubstr("at /spec/sampling/cpuHertz: 'cpuHertz' is no field: must be one "
                                  "of "));
  EXPECT_THAT(said.out, HasSubstr("cpuHz"));
}

TEST_F(Pods, LintNamesWhatTheSchemaRefuses) {
  std::string policy = kPolicy;
  policy += "  sampling: {cpuHz: 100000}\n";
  const Said said = run({"lint", "-f", file("policy.yaml", policy)});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.out, HasSubstr("ProfilingPolicy/shop"));
  EXPECT_THAT(said.out, HasSubstr("/spec/sampling/cpuHz"));
  EXPECT_THAT(said.out, HasSubstr("100000"));
}

TEST_F(Pods, LintWarnsOfWhatIsReadByNothing) {
  std::string app = kDeployment;
  app.replace(app.find("profiling.dev/inject: \"java\""), 28,
              "profiling.dev/inject: \"cobol\", profiling.dev/langauge: java");
  app += "          env: [{name: PYROSCOPE_S3_BUCKET, value: b}]\n";
  const std::string path = file("app.yaml", app);
  const Said said = run({"lint", "-f", path});
  EXPECT_EQ(said.code, 0) << "warnings only";
  EXPECT_THAT(said.out, HasSubstr("profiling.dev/langauge is read by nothing: must be one of"));
  EXPECT_THAT(said.out, HasSubstr("PYROSCOPE_S3_BUCKET is read by nothing"));
  EXPECT_THAT(said.out, HasSubstr("/spec/template/spec/containers/0/env"));
  EXPECT_THAT(said.out, HasSubstr("cobol"));
  EXPECT_EQ(run({"lint", "-f", path, "--strict"}).code, 1);
  const Json json = Json::parse(run({"lint", "-f", path, "-o", "json"}).out);
  EXPECT_EQ(json["findings"].size(), 3U);
}

TEST_F(Pods, LintWarnsOfReferencesThatTheOtherFilesDoNotHold) {
  std::string policy = kPolicy;
  policy.replace(policy.find("endpoint: {url: \"http://pyroscope.profiling.svc:4040\"}"), 54,
                 "serverRef: {name: pyroscop}");
  const std::string server = R"(
apiVersion: profiling.dev/v1alpha1
kind: ProfilingServer
metadata: {name: pyroscope, namespace: shop}
spec: {storage: {type: Filesystem}}
)";
  const Said said =
      run({"lint", "-f", file("policy.yaml", policy), "-f", file("server.yaml", server)});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out, HasSubstr("no ProfilingServer 'shop/pyroscop' among the files: there is "
                                  "shop/pyroscope"));
}

TEST(Settings, AreThoseOfTheChart) {
  const auto settings = chartSettings({});
  ASSERT_TRUE(settings.ok());
  const YAML::Node values =
      YAML::LoadFile(test::sourceDir() + "/charts/profiling-operator/values.yaml");
  const YAML::Node chart =
      YAML::LoadFile(test::sourceDir() + "/charts/profiling-operator/Chart.yaml");
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    const auto language = static_cast<api::Language>(i);
    const std::string token(api::languageToken(language));
    if (inject::languageRow(language).scraped) {  // the sidecar is of the operator's own version
      const std::string version = chart["appVersion"].Scalar();
      EXPECT_EQ(settings->agents[i].version, version) << token;
      EXPECT_EQ(settings->agents[i].image,
                values["agents"]["scrape"]["repository"].Scalar() + ":" + version);
      continue;
    }
    const YAML::Node agent = values["agents"][token];
    ASSERT_TRUE(agent) << token;
    EXPECT_EQ(settings->agents[i].version, agent["version"].Scalar()) << token;
    const std::string repository = agent["repository"].Scalar();
    EXPECT_EQ(settings->agents[i].image,
              repository.empty() ? "" : repository + ":" + agent["tag"].Scalar());
  }
}

TEST(Settings, AreReadFromTheWebhooksOwnFlags) {
  const Json deployment =
      Json::parse(R"({"metadata":{"namespace":"ops"},"spec":{"template":{"spec":{
    "containers":[{"args":["webhook","--agent-image-java=r/j:3","--agent-version-java=3",
      "--agent-pull-policy=Always"]}]}}}})");
  const auto settings = settingsOf(deployment, false);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->agents[0].image, "r/j:3");
  EXPECT_EQ(settings->agents[0].version, "3");
  EXPECT_EQ(settings->image_pull_policy, "Always");
  EXPECT_EQ(settings->operator_namespace, "ops");
  const auto sidecarsWith = [&](const char* flag, bool nodes_have_sidecars) {
    Json other = deployment;
    other["spec"]["template"]["spec"]["containers"][0]["args"].push_back(flag);
    return settingsOf(other, nodes_have_sidecars)->native_sidecars;
  };
  EXPECT_TRUE(sidecarsWith("--native-sidecars=Always", false));
  EXPECT_FALSE(sidecarsWith("--native-sidecars=Never", true));
  EXPECT_TRUE(sidecarsWith("--native-sidecars=Auto", true));
  EXPECT_FALSE(settings->native_sidecars) << "nothing is said: as the cluster's version tells";
  EXPECT_FALSE(
      settingsOf(Json::parse(R"({"spec":{"template":{"spec":{"containers":[7]}}}})"), true));
}

}  // namespace
}  // namespace profiling::cli
