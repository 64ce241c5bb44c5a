#include "operator/inject/tools/runtime_version.h"

#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using api::Language;

// Major and minor number, or "" where nothing states them.
std::string stated(Language language, std::string_view image, std::string_view command = {},
                   std::string_view java_home = {}) {
  api::ContainerView c = container();
  c.image = image;
  if (!command.empty()) c.command = {"sh", "-c", command};
  if (!java_home.empty()) setEnv(c, "JAVA_HOME", java_home);
  const auto v = statedVersion(language, ContainerEnv(c));
  if (!v) return {};
  return std::to_string(v->major) + "." + std::to_string(v->minor) + (v->free_threaded ? "t" : "");
}

TEST(RuntimeVersion, AnImageStatesIt) {
  const std::pair<const char*, const char*> java[] = {
      {"tomcat:7-jre7", "7.0"},
      {"registry/openjdk:8u342-jre-alpine", "8.0"},
      {"eclipse-temurin:17-jre", "17.0"},
      {"gcr.example/distroless/java21-debian12", "21.0"},
      {"ubi8/openjdk-11:1.3", "11.0"},
      {"java:1.7.0_80", "7.0"},
      {"tomcat:9.0", ""},
      {"team-java-app:7", ""},
      {"openjdk@sha256:7e", ""},
      {"openjdk", ""},
      {"host:5000/openjdk:latest", ""}};
  for (const auto& [image, version] : java)
    EXPECT_EQ(stated(Language::kJava, image), version) << image;
  EXPECT_EQ(stated(Language::kNodeJS, "node:8-alpine"), "8.0");
  EXPECT_EQ(stated(Language::kNodeJS, "ubi8/nodejs-10:1-200"), "10.0");
  EXPECT_EQ(stated(Language::kNodeJS, "team-node:1.2"), "");
  EXPECT_EQ(stated(Language::kNodeJS, "prom/node-exporter:v1.7.0"), "");
  EXPECT_EQ(stated(Language::kNodeJS, "node:lts-alpine3.18"), "");
  EXPECT_EQ(stated(Language::kPython, "python:2.7-slim"), "2.7");
  EXPECT_EQ(stated(Language::kPython, "ubi8/python-311:1"), "3.11");
  EXPECT_EQ(stated(Language::kPython, "python:3.13t"), "3.13t");
  EXPECT_EQ(stated(Language::kGo, "golang:1.22"), "");
}

TEST(RuntimeVersion, ThePathOfAProgramStatesIt) {
  EXPECT_EQ(stated(Language::kPython, "x", "exec python2.7 /srv/app.py"), "2.7");
  EXPECT_EQ(stated(Language::kPython, "x", "/opt/python3.13t -m app"), "3.13t");
  EXPECT_EQ(stated(Language::kPython, "x", "python app-2.py"), "");
  EXPECT_EQ(stated(Language::kNodeJS, "x", "/opt/node-v8.17.0-linux-x64/bin/node a.js"), "8.17");
  EXPECT_EQ(stated(Language::kJava, "x", "/usr/lib/jvm/java-1.7.0-openjdk/bin/java -jar a.jar"),
            "7.0");
  EXPECT_EQ(stated(Language::kJava, "x", {}, "/usr/lib/jvm/java-8-openjdk-amd64"), "8.0");
}

Reason reasonFor(std::string_view image, Language language, bool by_annotation = false,
                 std::vector<std::string_view> command = {}) {
  api::PodView p = pod();
  p.containers[0].image = image;
  p.containers[0].command = std::move(command);
  if (by_annotation) annotate(p, api::kInjectKey, api::languageToken(language));
  auto e = policy();
  e->policy.spec.languages = {language};
  return planUnder({e}, p).reason;
}

TEST(RuntimeVersion, VersionsThatAnAgentStopsAreRefused) {
  EXPECT_EQ(reasonFor("tomcat:7-jre7", Language::kJava), Reason::kUnsupportedVersion);
  EXPECT_EQ(reasonFor("openjdk:8-jre", Language::kJava), Reason::kInjected);
  EXPECT_EQ(reasonFor("node:10", Language::kNodeJS), Reason::kUnsupportedVersion);
  EXPECT_EQ(reasonFor("node:12", Language::kNodeJS), Reason::kInjected);
  EXPECT_EQ(reasonFor("python:2", Language::kPython), Reason::kUnsupportedVersion);
  EXPECT_EQ(reasonFor("python:3.15-rc", Language::kPython), Reason::kUnsupportedVersion);
  EXPECT_EQ(reasonFor("python:3.14", Language::kPython), Reason::kInjected);
  EXPECT_EQ(reasonFor("node:10", Language::kNodeJS, true), Reason::kInjected)
      << "an image's name is a guess, which the annotation overrules";
}

TEST(RuntimeOptions, OptionsThatForbidAgentsAreRefused) {
  using Words = std::vector<std::string_view>;
  for (const char* flag :
       {"--permission", "--experimental-permission", "--experimental-policy=p.json"}) {
    EXPECT_EQ(reasonFor("x", Language::kNodeJS, true, Words{"node", flag, "app.js"}),
              Reason::kRuntimeOptions);
  }
  EXPECT_EQ(reasonFor("x", Language::kNodeJS, true, Words{"node", "--permissions"}),
            Reason::kInjected);
  EXPECT_EQ(reasonFor("x", Language::kJava, true, Words{"java", "-XX:AOTMode=on"}),
            Reason::kRuntimeOptions);
  EXPECT_EQ(reasonFor("shop-jlink:1", Language::kJava), Reason::kUnsupportedRuntime);
}

TEST(RuntimeOptions, AnAotCacheIsWarnedAbout) {
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "java");
  setEnv(p.containers[0], "JDK_JAVA_OPTIONS", "-XX:AOTCache=/app/app.aot");
  const InjectionPlan plan = planUnder({policy()}, p);
  EXPECT_EQ(plan.reason, Reason::kInjected);
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_THAT(plan.warnings[0].text, ::testing::HasSubstr("AOT cache"));
}

TEST(RuntimeOptions, OptionsThatJava8WouldIgnoreAreNotMade) {
  const std::string within(922, 'x'), beyond(1023, 'x'), ignored(1024, 'x');
  const auto reasonOf = [](std::string_view options, std::string_view image) {
    api::PodView p = pod();
    p.containers[0].image = image;
    annotate(p, api::kInjectKey, "java");
    setEnv(p.containers[0], "JAVA_TOOL_OPTIONS", options);
    return planUnder({policy()}, p).reason;
  };
  EXPECT_EQ(reasonOf(within, "temurin:8"), Reason::kOptionsTooLong);
  EXPECT_EQ(reasonOf(std::string_view(within).substr(1), "temurin:8"), Reason::kInjected);
  EXPECT_EQ(reasonOf(beyond, "app:1"), Reason::kOptionsTooLong) << "it may be Java 8";
  EXPECT_EQ(reasonOf(ignored, "app:1"), Reason::kInjected) << "Java 8 ignored them before";
  EXPECT_EQ(reasonOf(beyond, "temurin:17"), Reason::kInjected);
}

}  // namespace
}  // namespace profiling::inject
