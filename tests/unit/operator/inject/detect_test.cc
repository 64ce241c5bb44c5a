#include "operator/inject/languages/detect.h"

#include "operator/inject/languages/known_images.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

std::string hints(const api::ContainerView& c) {
  std::string out;
  for (const api::Language l : languageHints(c).languages) {
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
      {"JAVA_HOME", "/x", ""},  // of PySpark, too
      {"JAVA_OPTS", "-Xmx1g", "java"},
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

TEST(Detect, AScriptCountsWhereItRunsACommand) {
  const struct {
    const char *script, *languages;
  } cases[] = {
      {"# Node 0 is the password seeder\nexec /run.sh", ""},
      {"echo starting java; ./server", ""},
      {"echo \"; java\"; ./server", ""},
      {"cat <<EOF\njava -jar x\nEOF\n./server", ""},
      {"cat <<-'EOF' > f\n\tnode x\n\tEOF\npython3 f.py", "python"},
      {"case $1 in\n  java) ./a ;;\n  node) ./b ;;\nesac", ""},
      {"for node in a b; do ./x $node; done", ""},
      {"if test -f x; then exec java -jar a.jar; fi", "java"},
      {"X=$(node -p 1) ./server", ""},
      {"X=1 Y='a b' python app", "python"},
      {"java -version; exec python3 -m api", "python"},
      {"node migrate.js && exec ./server", ""},
      {"npm run build && npm start", "node"},
      {"curl http://x | python3 -c 'import json'; ./server", ""},
      {"exec env A=b nice -n 5 tini -- java -jar a.jar", "java"},
      {"exec gosu app \"$JAVA_HOME/bin/java\" -jar a.jar", "java"},
      {"timeout -k 5 60 python x.py", "python"},
      {"sh -c 'sh -ec \"node x\"'", "node"},
      {"su app -s /bin/sh -c 'ruby x'", "ruby"},
      {"(cd /app; node x) 2>&1 | tee log", "node"},
      {"set -o pipefail\n\\\n  python x.py", "python"},
      {"trap 'kill java' TERM; ./x & wait", ""},
      {"while true; do python x.py; sleep 5; done", "python"},
      {"`", ""},
      {"$(", ""},
      {"<<", ""},
      {"'", ""},
  };
  for (const auto& c : cases) {
    api::ContainerView view = container();
    view.command = {"/bin/bash", "-eo", "pipefail", "-c", c.script};
    EXPECT_EQ(hints(view), c.languages) << c.script;
  }
}

TEST(Detect, AnyTextIsReadToItsEnd) {
  constexpr std::string_view kPieces[] = {
      "'", "\"", "`",  "$(",   "${",   ")",  "}",    "(",     "<<E", "<<<",  "\n", " ",
      ";", "#",  "\\", "2>&1", "case", "in", "exec", "sh -c", "--",  "java", "E",  "&"};
  std::uint64_t random = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string script;
    for (int i = 0; i < 12; ++i) {
      random = random * 6364136223846793005U + 1442695040888963407U;
      script += kPieces[(random >> 33) % std::size(kPieces)];
    }
    api::ContainerView view = container();
    view.command = {"sh", "-c", script};
    const std::size_t found = languageHints(view).languages.size();
    ASSERT_LE(found, 1u) << script;  // only java is among the pieces
  }
}

TEST(Detect, AStartersArgumentsNameTheProgram) {
  const struct {
    std::vector<std::string_view> words;
    const char* languages;
  } cases[] = {
      {{"tini", "-g", "--", "node", "x"}, "node"},
      {{"/entrypoint.sh", "node", "x"}, "node"},
      {{"wait-for-it.sh", "db:5432", "--", "python", "x.py"}, "python"},
      {{"/start.sh", "--runtime", "java"}, ""},
      {{"poetry", "run", "uvicorn", "a:b"}, "python"},
      {{"poetry", "install"}, ""},
      {{"-Xmx1g", "-jar", "/app.jar"}, "java"},
      {{"--kafka", "app.jar"}, ""},
      {{"./server", "java"}, ""},
      {{"bash", "/x.sh", "java"}, "java"},
  };
  for (const auto& c : cases) {
    api::ContainerView view = container();
    view.args = c.words;
    EXPECT_EQ(hints(view), c.languages) << c.words.front();
  }
}

TEST(Detect, ARoleOutweighsTheWordBeforeIt) {
  for (const char* image :
       {"a/node-scheduler:1", "a/kafka-consumer:1", "a/java-exporter", "a/python-operator:1",
        "a/golang-proxy", "selenium/node-safari", "a/csi-node", "a/node-agent"}) {
    api::ContainerView view = container();
    view.image = image;
    EXPECT_EQ(hints(view), "") << image;
  }
}

TEST(Detect, KnownImagesSayWhatTheyRun) {
  const struct {
    const char *image, *languages;
    bool known;
  } cases[] = {
      {"registry.example:5000/mirror/kafka:3.9@sha256:00", "java", true},
      {"selenium/node-chrome:4", "java", true},
      {"docker.io/calico/node:v3", "go", true},
      {"quay.io/prometheus/node_exporter", "go", true},
      {"redis", "", true},
      {"postgres:17", "", true},
      {"a/redis-orders", "", false},
      {"/", "", false},
  };
  for (const auto& c : cases) {
    api::ContainerView view = container();
    view.image = c.image;
    setEnv(view, "LOG_LEVEL", "1");
    EXPECT_EQ(hints(view), c.languages) << c.image;
    EXPECT_EQ(languageHints(view).source == HintSource::kKnownImage, c.known) << c.image;
  }
  const std::string huge(10'000, '/');
  EXPECT_EQ(findKnownImage(huge), nullptr);
  EXPECT_NE(findKnownImage(huge + "/redis"), nullptr);
}

TEST(Detect, ScansOnlyTheBeginningOfAHugeScript) {
  const std::string early = "java " + std::string(1 << 20, 'x');
  const std::string late = std::string(1 << 20, 'x') + " java";
  api::ContainerView c = container();
  c.command = {"sh", "-c"};
  c.args = {early};
  EXPECT_EQ(hints(c), "java");
  c.args = {late};
  EXPECT_EQ(hints(c), "");
}

}  // namespace
}  // namespace profiling::inject
