// explain, inject and lint on files, through the command line.
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
using testing::AllOf;
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

struct Output {
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
  static Output run(std::vector<std::string> words) {
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

TEST_F(Pods, ExplainShowsAgentPolicyAndRevision) {
  const Output output =
      run({"explain", "-f", file("app.yaml", kDeployment), "-f", file("policy.yaml", kPolicy)});
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("Deployment/web gets an agent: Injected"));
  EXPECT_THAT(output.out, HasSubstr("policy/shop, revision "));
  EXPECT_THAT(output.out, HasSubstr("container app: java 2.1.2"));
}

TEST_F(Pods, ExplainFailsForAPodThatAsksAndGetsNoAgent) {
  const Output output = run({"explain", "-f", file("app.yaml", kDeployment)});
  EXPECT_EQ(output.code, 1);
  EXPECT_THAT(output.out, HasSubstr("Deployment/web gets no agent: NoPolicy"));
  const std::string asks = "      annotations: {profiling.dev/inject: \"java\"}\n";
  std::string quiet = kDeployment;
  quiet.erase(quiet.find(asks), asks.size());
  EXPECT_EQ(run({"explain", "-f", file("quiet.yaml", quiet)}).code, 0) << "the pod does not ask";
}

TEST_F(Pods, ExplainAsJsonHasTheReasonsOfTheAnnotation) {
  const Output output = run({"explain", "-f", file("app.yaml", kDeployment), "-p",
                             file("policy.yaml", kPolicy), "-o", "json"});
  const Json pod = Json::parse(output.out)["pods"][0];
  EXPECT_EQ(pod["injected"], true);
  EXPECT_EQ(pod["reason"], "Injected");
  EXPECT_EQ(pod["containers"][0]["agents"], Json::array({"java 2.1.2"}));
  EXPECT_EQ(pod["policy"], "policy/shop");
}

TEST_F(Pods, ExplainAssumesThatAServerWithoutStatusIsReady) {
  std::string policy = kPolicy;
  policy.replace(policy.find("endpoint: {url: \"http://pyroscope.profiling.svc:4040\"}"), 54,
                 "serverRef: {name: pyroscope}");
  const std::string app = file("app.yaml", kDeployment);
  const Output without = run({"explain", "-f", app, "-p", file("policy.yaml", policy)});
  EXPECT_EQ(without.code, 1);
  EXPECT_THAT(without.out, HasSubstr("ServerUnavailable"));
  EXPECT_THAT(without.out, HasSubstr("there is no ProfilingServer 'shop/pyroscope'; create it"));
  EXPECT_THAT(without.out, Not(HasSubstr("warning"))) << "reported once";
  const Output with = run({"explain", "-f", app, "-p", file("all.yaml", policy + R"(---
apiVersion: profiling.dev/v1alpha1
kind: ProfilingServer
metadata: {name: pyroscope, namespace: shop}
spec: {storage: {type: Filesystem}}
)")});
  EXPECT_EQ(with.code, 0) << with.out << with.err;
}

TEST_F(Pods, ATemplateCarriesNoMarkThatUndoingWouldChase) {
  for (const std::string kind : {"Deployment", "StatefulSet", "Pod"}) {
    std::string app = kDeployment;
    app.replace(app.find("kind: Deployment") + 6, 10, kind);
    if (kind == "Pod") {
      app =
          "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, annotations: "
          "{profiling.dev/inject: java}}\nspec: {containers: [{name: app, image: a}]}\n";
    }
    const Output output =
        run({"inject", "-f", file("app.yaml", app), "-p", file("policy.yaml", kPolicy)});
    ASSERT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.out, HasSubstr("JAVA_TOOL_OPTIONS"));
    EXPECT_THAT(output.out, Not(HasSubstr("template_hash")));
    EXPECT_THAT(output.out, Not(HasSubstr("0000000000")));
    const bool marked = output.out.find("profiling.dev/profiled") != std::string::npos ||
                        output.out.find("profiling.dev/decision") != std::string::npos;
    EXPECT_EQ(marked, kind == "Pod") << "a pod of its own is what the webhook would have made";
  }
}

TEST_F(Pods, ManifestsOfManyMebibytesPass) {
  std::string all = std::string(kDeployment) + "---\napiVersion: v1\nkind: Many\nspec:\n";
  for (int i = 0; all.size() < (2U << 20U); ++i) {
    all += "  field" + std::to_string(i) + ": {type: string, description: " + std::string(60, 'x') +
           "}\n";
  }
  const Output output =
      run({"inject", "-f", file("all.yaml", all), "-p", file("policy.yaml", kPolicy)});
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_GT(output.out.size(), all.size());
  const std::string huge(17U << 20U, '#');
  EXPECT_THAT(run({"lint", "-f", file("huge.yaml", huge)}).err,
              HasSubstr("huge.yaml: is longer than 16 MiB"));
}

TEST_F(Pods, InjectPatchesTemplatesAndKeepsOtherText) {
  const Output output =
      run({"inject", "-f", file("all.yaml", std::string(kService) + "---\n" + kDeployment), "-p",
           file("policy.yaml", kPolicy)});
  ASSERT_EQ(output.code, 0) << output.err;
  EXPECT_TRUE(output.out.starts_with(kService)) << output.out;
  EXPECT_THAT(output.out, Not(HasSubstr("ProfilingPolicy")));
  const std::vector<YAML::Node> documents = YAML::LoadAll(output.out);
  const YAML::Node pod = documents.at(1)["spec"]["template"];
  EXPECT_EQ(pod["spec"]["initContainers"][0]["image"].Scalar(),
            "REGISTRY/profiling-operator/agent-java:2.1.2");
  EXPECT_FALSE(pod["metadata"]["labels"]["profiling.dev/profiled"]);
  EXPECT_FALSE(pod["metadata"]["labels"]["pod-template-hash"]);
  EXPECT_FALSE(pod["metadata"]["ownerReferences"]);
  EXPECT_FALSE(pod["metadata"]["generateName"]);
  EXPECT_EQ(documents.at(1)["metadata"]["name"].Scalar(), "web");
  // A patched template is recognised.
  const Output again =
      run({"inject", "-f", file("once.yaml", output.out), "-p", file("policy.yaml", kPolicy)});
  EXPECT_EQ(YAML::LoadAll(again.out).at(1)["spec"]["template"]["spec"]["initContainers"].size(),
            1U);
}

TEST_F(Pods, InjectReportsUnchangedPods) {
  const Output output = run({"inject", "-f", file("app.yaml", kDeployment)});
  EXPECT_EQ(output.code, 0);
  EXPECT_TRUE(output.out.starts_with(kDeployment));
  EXPECT_THAT(output.err, HasSubstr("Deployment/web: unchanged, NoPolicy"));
}

TEST_F(Pods, InjectWarnsAboutImagesWithoutARegistry) {
  const std::string app = file("app.yaml", kDeployment);
  const std::string policy = file("policy.yaml", kPolicy);
  const Output unknown = run({"inject", "-f", app, "-f", app, "-p", policy});
  EXPECT_EQ(unknown.code, 0);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("warning: pods with these agent images cannot start"),
                                 HasSubstr("--agent-image"), HasSubstr("--live")));
  EXPECT_EQ(unknown.err.find("warning"), unknown.err.rfind("warning")) << "reported once";
  const Output known =
      run({"inject", "-f", app, "-p", policy, "--agent-image", "java=r.example/agent-java:2.1.2"});
  EXPECT_THAT(known.err, Not(HasSubstr("warning")));
  EXPECT_THAT(run({"inject", "-f", app}).err, Not(HasSubstr("warning"))) << "nothing is injected";
}

TEST_F(Pods, InjectUsesTheGivenAgentImage) {
  const std::string app = file("app.yaml", kDeployment);
  const std::string policy = file("policy.yaml", kPolicy);
  EXPECT_THAT(run({"inject", "-f", app, "-p", policy, "--agent-image", "java=r:5/a:7"}).out,
              HasSubstr("r:5/a:7"));
  const Output wrong = run({"inject", "-f", app, "-p", policy, "--agent-image", "cobol=x"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("'cobol=x' must be LANGUAGE=IMAGE, with a LANGUAGE of java"));
}

TEST_F(Pods, BadFilesAreReportedWithTheLine) {
  const Output output =
      run({"explain", "-f", file("bad.yaml", std::string(kService) + "---\na: [\n")});
  EXPECT_EQ(output.code, 1);
  EXPECT_THAT(output.err, HasSubstr("bad.yaml"));
  EXPECT_THAT(output.err, HasSubstr("line 8"));
  EXPECT_THAT(run({"explain", "-f", "/nowhere.yaml"}).err, HasSubstr("/nowhere.yaml"));
  EXPECT_THAT(run({"explain", "-f", file("s.yaml", kService)}).err, HasSubstr("no Pod"));
}

TEST_F(Pods, LintAcceptsValidManifests) {
  const Output output =
      run({"lint", "-f", file("app.yaml", kDeployment), "-f", file("policy.yaml", kPolicy)});
  EXPECT_EQ(output.code, 0);
  EXPECT_THAT(output.out, IsEmpty());
  EXPECT_THAT(output.err, HasSubstr("2 objects, 0 findings"));
}

TEST_F(Pods, LintAcceptsReferencesToTheCluster) {
  EXPECT_THAT(run({"lint", "-f", file("app.yaml", kDeployment)}).out, IsEmpty());
  std::string policy = kPolicy;
  policy.replace(policy.find("endpoint: {url: \"http://pyroscope.profiling.svc:4040\"}"), 54,
                 "serverRef: {name: pyroscope}");
  EXPECT_THAT(
      run({"lint", "-f", file("app.yaml", kDeployment), "-f", file("policy.yaml", policy)}).out,
      IsEmpty());
}

TEST_F(Pods, LintReportsUnknownFields) {
  std::string policy = kPolicy;
  policy += "  sampling: {cpuHertz: 100}\n";
  const Output output = run({"lint", "-f", file("policy.yaml", policy)});
  EXPECT_EQ(output.code, 1);
  EXPECT_THAT(output.out,
              HasSubstr("at /spec/sampling/cpuHertz: unknown field 'cpuHertz': must be one "
                        "of "));
  EXPECT_THAT(output.out, HasSubstr("cpuHz"));
}

TEST_F(Pods, LintReportsSchemaViolations) {
  std::string policy = kPolicy;
  policy += "  sampling: {cpuHz: 100000}\n";
  const Output output = run({"lint", "-f", file("policy.yaml", policy)});
  EXPECT_EQ(output.code, 1);
  EXPECT_THAT(output.out, HasSubstr("ProfilingPolicy/shop"));
  EXPECT_THAT(output.out, HasSubstr("/spec/sampling/cpuHz"));
  EXPECT_THAT(output.out, HasSubstr("100000"));
}

TEST_F(Pods, LintWarnsAboutSettingsWithoutEffect) {
  std::string app = kDeployment;
  app.replace(app.find("profiling.dev/inject: \"java\""), 28,
              "profiling.dev/inject: \"cobol\", profiling.dev/langauge: java");
  app += "          env: [{name: PYROSCOPE_S3_BUCKET, value: b}]\n";
  const std::string path = file("app.yaml", app);
  const Output output = run({"lint", "-f", path});
  EXPECT_EQ(output.code, 0) << "warnings only";
  EXPECT_THAT(output.out, HasSubstr("unknown annotation profiling.dev/langauge: must be one of"));
  EXPECT_THAT(output.out, HasSubstr("PYROSCOPE_S3_BUCKET has no effect"));
  EXPECT_THAT(output.out, HasSubstr("/spec/template/spec/containers/0/env"));
  EXPECT_THAT(output.out, HasSubstr("cobol"));
  EXPECT_EQ(run({"lint", "-f", path, "--strict"}).code, 1);
  const Json json = Json::parse(run({"lint", "-f", path, "-o", "json"}).out);
  EXPECT_EQ(json["findings"].size(), 3U);
}

TEST_F(Pods, LintWarnsAboutReferencesOutsideTheFiles) {
  std::string policy = kPolicy;
  policy.replace(policy.find("endpoint: {url: \"http://pyroscope.profiling.svc:4040\"}"), 54,
                 "serverRef: {name: pyroscop}");
  const std::string server = R"(
apiVersion: profiling.dev/v1alpha1
kind: ProfilingServer
metadata: {name: pyroscope, namespace: shop}
spec: {storage: {type: Filesystem}}
)";
  const Output output =
      run({"lint", "-f", file("policy.yaml", policy), "-f", file("server.yaml", server)});
  EXPECT_EQ(output.code, 0);
  EXPECT_THAT(output.out, HasSubstr("no ProfilingServer 'shop/pyroscop' in the files; available: "
                                    "shop/pyroscope"));
}

TEST(Settings, DefaultToTheCharts) {
  const auto settings = chartSettings({});
  ASSERT_TRUE(settings.ok());
  const YAML::Node values =
      YAML::LoadFile(test::sourceDir() + "/charts/profiling-operator/values.yaml");
  const YAML::Node chart =
      YAML::LoadFile(test::sourceDir() + "/charts/profiling-operator/Chart.yaml");
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    const auto language = static_cast<api::Language>(i);
    const std::string token(api::languageToken(language));
    if (inject::languageRow(language).scraped) {  // the sidecar has the operator's version
      const std::string version = chart["appVersion"].Scalar();
      EXPECT_EQ(settings->agents[i].version, version) << token;
      EXPECT_EQ(settings->agents[i].image,
                "REGISTRY/" + values["agents"]["scrape"]["repository"].Scalar() + ":" + version);
      continue;
    }
    const YAML::Node agent = values["agents"][token];
    ASSERT_TRUE(agent) << token;
    EXPECT_EQ(settings->agents[i].version, agent["version"].Scalar()) << token;
    const std::string repository = agent["repository"].Scalar();
    EXPECT_EQ(settings->agents[i].image,
              repository.empty() ? "" : "REGISTRY/" + repository + ":" + agent["tag"].Scalar());
  }
}

TEST(Settings, AreReadFromTheWebhooksFlags) {
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
  EXPECT_FALSE(settings->native_sidecars) << "without the flag, by the cluster's version";
  EXPECT_FALSE(
      settingsOf(Json::parse(R"({"spec":{"template":{"spec":{"containers":[7]}}}})"), true));
}

}  // namespace
}  // namespace profiling::cli
