#include "operator/inject/languages/detect.h"

#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

std::string hints(const api::ContainerView& c) {
  std::string out;
  for (const api::Language l : hintedLanguages(c)) {
    out += (out.empty() ? "" : ",") + std::string(api::languageToken(l));
  }
  return out;
}

TEST(Detect, ByCommand) {
  const struct {
    std::vector<std::string_view> command;
    const char* languages;
  } cases[] = {
      {{"java", "-jar", "/app.jar"}, "java"},
      {{"/opt/jdk-21/bin/java"}, "java"},
      {{"sh", "-c", "exec java $OPTS -cp x Main"}, "java"},
      {{"sh", "-c", "cd /app&&python3.11 main"}, "python"},
      {{"python2.7"}, ""},
      {{"gunicorn", "shop:app"}, "python"},
      {{"/venv/bin/celery"}, "python"},
      {{"./manage.py"}, "python"},
      {{"node", "server"}, "node"},
      {{"npm", "start"}, "node"},
      {{"server.mjs"}, "node"},
      {{"sh", "-c", "java -jar a.jar & node b"}, "java,node"},
      {{"javac"}, ""},
      {{".jar"}, ""},
      {{"-javaagent"}, ""},
      {{"nodejs-exporter"}, ""},
      {{"", " ", "'"}, ""},
  };
  for (const auto& c : cases) {
    api::ContainerView view = container();
    view.command = c.command;
    EXPECT_EQ(hints(view), c.languages) << c.command.front();
    view.command.clear();
    view.args = c.command;
    EXPECT_EQ(hints(view), c.languages) << c.command.front();
  }
}

TEST(Detect, ACommandDecidesAlone) {
  api::ContainerView c = container();
  c.command = {"node", "x"};
  c.image = "library/openjdk:21";
  setEnv(c, "FLASK_APP", "x");
  EXPECT_EQ(hints(c), "node");
}

TEST(Detect, AnImagesHashCoversOnlyItsName) {
  const std::string hash = imageHash("registry.example:5000/team/app");
  EXPECT_EQ(hash.size(), 8u);
  EXPECT_EQ(imageHash("registry.example:5000/team/app:1.2"), hash);
  EXPECT_EQ(imageHash("registry.example:5000/team/app:1.2@sha256:0123"), hash);
  EXPECT_EQ(imageHash("registry.example:5000/team/app@sha256:0123"), hash);
  EXPECT_NE(imageHash("registry.example:5000/team/other:1.2"), hash);
  EXPECT_NE(imageHash("app:1"), imageHash("team/app:1"));
}

TEST(Detect, ARecordedLanguageEndsTheGuess) {
  const api::PodView p = pod();
  std::shared_ptr<const KnownOfWorkload> known;
  const auto languages = [&] {
    std::string out;
    const InjectionPlan plan = planUnder({policy()}, p, settings(), known);
    for (const api::Language l : plan.decisions.at(0).languages) {
      out += (out.empty() ? "" : ",") + std::string(api::languageToken(l));
    }
    return out + " " + plan.decisions.at(0).guess;
  };
  const std::string hash = imageHash("example/app:1");
  EXPECT_EQ(languages(), "java,python,node " + hash);
  const auto knows = [&](std::string container, const std::string& image) {
    known = std::make_shared<const KnownOfWorkload>(
        KnownOfWorkload{{{std::move(container), imageHash(image), {api::Language::kPython}}}, {}});
  };
  knows("app", "example/app:7");
  EXPECT_EQ(languages(), "python ");
  knows("other", "example/app:7");
  EXPECT_EQ(languages(), "java,python,node " + hash) << "another container";
  knows("app", "example/another:1");
  EXPECT_EQ(languages(), "java,python,node " + hash) << "another program";
}

TEST(Detect, ByImage) {
  const struct {
    const char* image;
    const char* languages;
  } cases[] = {
      {"node:20", "node"},
      {"registry:5000/a/python3:3.11@sha256:ab", "python"},
      {"eclipse-temurin", "java"},
      {"my-java_node.web", "java,node"},
      {"openjdk21", "java"},
      {"quay.io/prometheus/node-exporter:1", ""},
      {"java/app:1", ""},
      {"nodered", ""},
      {"registry:5000/app", ""},
      {"app:java", ""},
      {"", ""},
  };
  for (const auto& c : cases) {
    api::ContainerView view = container();
    view.image = c.image;
    EXPECT_EQ(hints(view), c.languages) << c.image;
  }
}

TEST(Detect, ByEnvButNotByOurOwnAdditions) {
  const struct {
    const char *name, *value, *languages;
  } cases[] = {
      {"JAVA_HOME", "/x", "java"},
      {"DJANGO_SETTINGS_MODULE", "x", "python"},
      {"NODE_ENV", "production", "node"},
      {"NODE_ENV", "", ""},
      {"JAVA_TOOL_OPTIONS", "-Xmx1g", "java"},
      {"JAVA_TOOL_OPTIONS", "-Xmx1g -javaagent:/profiling-agent/java/pyroscope.jar", "java"},
      {"JAVA_TOOL_OPTIONS", "", ""},
      {"JAVA_TOOL_OPTIONS", "-javaagent:/profiling-agent/java/pyroscope.jar", ""},
      {"JAVA_TOOL_OPTIONS",
       "-Djava.io.tmpdir=/profiling-agent-tmp -javaagent:/profiling-agent/java/pyroscope.jar", ""},
      {"PYTHONPATH", "/profiling-agent/python", ""},
      {"PYTHONPATH", "/profiling-agent/python:$(PYTHONPATH)", ""},
      {"PYTHONPATH", "/profiling-agent/python:$(OTHERPATHS)", "python"},
      {"PYTHONPATH", "/profiling-agent/python:/app", "python"},
      {"NODE_OPTIONS", "--require=/profiling-agent/node/preload.cjs", ""},
      {"NODE_OPTIONS", " --require=/profiling-agent/node/preload.cjs --x", "node"},
  };
  for (const auto& c : cases) {
    api::ContainerView view = container();
    setEnv(view, c.name, c.value);
    EXPECT_EQ(hints(view), c.languages) << c.name << "=" << c.value;
  }
  api::ContainerView from = container();
  from.env.push_back({"NODE_OPTIONS", "", true});
  EXPECT_EQ(hints(from), "node");
}

TEST(Detect, ScansOnlyTheBeginningOfAHugeScript) {
  const std::string early = "java " + std::string(1 << 20, 'x');
  const std::string late = std::string(1 << 20, 'x') + " java";
  api::ContainerView c = container();
  c.args = {early};
  EXPECT_EQ(hints(c), "java");
  c.args = {late};
  EXPECT_EQ(hints(c), "");
}

}  // namespace
}  // namespace profiling::inject
