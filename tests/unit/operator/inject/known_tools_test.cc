// Each tool as it shows on a pod, and what follows from it.
#include "operator/inject/tools/known_tools.h"

#include <set>

#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using api::Language;

struct Shown {
  const char* name = "";
  Language language = Language::kDotNet;
  std::vector<std::pair<std::string_view, std::string_view>> env = {};
  std::vector<std::string_view> command = {};
  std::string_view annotation = {}, label = {}, init_container = {}, image = {};
  Reason reason = Reason::kInjected;
};

Reason reasonFor(const Shown& shown, std::string_view inject = {}) {
  api::PodView p = pod();
  api::ContainerView& c = p.containers[0];
  for (const auto& [name, value] : shown.env) setEnv(c, name, value);
  c.command = shown.command;
  if (!shown.image.empty()) c.image = shown.image;
  if (!inject.empty()) annotate(p, api::kInjectKey, inject);
  if (!shown.annotation.empty()) annotate(p, shown.annotation, "true");
  if (!shown.label.empty()) label(p, shown.label, "x");
  if (!shown.init_container.empty()) {
    p.has_init_containers = true;
    p.init_containers.push_back(container(shown.init_container));
    p.init_containers[0].is_init = true;
  }
  auto e = policy();
  e->policy.spec.languages = {shown.language};
  return planUnder({e}, p).reason;
}

const std::vector<Shown>& shown() {
  constexpr Reason kConflict = Reason::kConflictingAgent;
  static const std::vector<Shown> all = {
      {"nothing", Language::kJava, {}, {"java", "-jar", "async-profiler-demo.jar"}, {}, {}, {}, {}},
      {.name = "Pyroscope's own agent",
       .language = Language::kJava,
       .env = {{"JAVA_OPTS", "-Xmx1g -javaagent:/app/pyroscope.jar"}},
       .reason = Reason::kEmbeddedSDK},
      {.name = "Pyroscope's extension of OpenTelemetry",
       .language = Language::kJava,
       .env = {{"JAVA_TOOL_OPTIONS", "-Dotel.javaagent.extensions=/app/pyroscope-otel.jar"}},
       .reason = Reason::kEmbeddedSDK},
      {.name = "async-profiler",
       .language = Language::kJava,
       .command = {"java", "-agentpath:/opt/libasyncProfiler.so=start", "Main"},
       .reason = kConflict},
      {.name = "Cryostat",
       .language = Language::kJava,
       .env = {{"JAVA_TOOL_OPTIONS", "-javaagent:/tmp/cryostat-agent.jar"}},
       .reason = kConflict},
      {.name = "Cryostat's label",
       .language = Language::kJava,
       .label = "cryostat.io/name",
       .reason = kConflict},
      {.name = "Datadog's tracer",
       .language = Language::kJava,
       .command = {"sh", "-c", "exec java -javaagent:/dd-java-agent.jar Main"}},
      {.name = "Datadog's tracer with its profiler",
       .language = Language::kJava,
       .env = {{"DD_PROFILING_ENABLED", "true"}},
       .command = {"sh", "-c", "exec java -javaagent:/dd-java-agent.jar Main"},
       .reason = kConflict},
      {.name = "Datadog's tracer that will come, with its profiler",
       .language = Language::kJava,
       .env = {{"DD_PROFILING_ENABLED", "auto"}},
       .annotation = "admission.datadoghq.com/java-lib.version",
       .reason = kConflict},
      {.name = "Datadog's profiler for another language",
       .language = Language::kJava,
       .env = {{"DD_PROFILING_ENABLED", "true"}}},
      {.name = "Elastic",
       .language = Language::kJava,
       .env = {{"JAVA_TOOL_OPTIONS", "-javaagent:/elastic-apm-agent.jar"}}},
      {.name = "Elastic with inferred spans",
       .language = Language::kJava,
       .env = {{"ELASTIC_APM_PROFILING_INFERRED_SPANS_ENABLED", "true"}},
       .reason = kConflict},
      {.name = "New Relic",
       .language = Language::kJava,
       .env = {{"JAVA_TOOL_OPTIONS", "-javaagent:/newrelic/newrelic.jar"}}},
      {.name = "Dynatrace", .language = Language::kJava, .init_container = "install-oneagent"},
      {.name = "OpenTelemetry",
       .language = Language::kJava,
       .annotation = "instrumentation.opentelemetry.io/inject-java"},
      {.name = "GraalVM native image",
       .language = Language::kJava,
       .image = "shop/checkout:1.2-native",
       .reason = Reason::kUnsupportedRuntime},
      {.name = "OpenJ9",
       .language = Language::kJava,
       .image = "adoptopenjdk:11-jre-openj9",
       .reason = Reason::kUnsupportedRuntime},
      {.name = "Semeru",
       .language = Language::kJava,
       .image = "ibm-semeru-runtimes:open-17-jre",
       .reason = Reason::kUnsupportedRuntime},
      {.name = "Zing",
       .language = Language::kJava,
       .image = "shop/checkout:17-zing",
       .reason = Reason::kUnsupportedRuntime},
      {.name = "OpenJ9 by its options",
       .language = Language::kJava,
       .env = {{"OPENJ9_JAVA_OPTIONS", "-Xshareclasses"}},
       .reason = Reason::kUnsupportedRuntime},
      {.name = "OpenTelemetry",
       .language = Language::kPython,
       .annotation = "instrumentation.opentelemetry.io/inject-python"},
      {.name = "Datadog",
       .language = Language::kPython,
       .env = {{"DD_PROFILING_ENABLED", "true"}, {"DD_ENV", "prod"}}},
      {.name = "Datadog's profiler",
       .language = Language::kNodeJS,
       .env = {{"DD_PROFILING_ENABLED", "true"}},
       .reason = kConflict},
      {.name = "Datadog's tracer, which starts its profiler",
       .language = Language::kNodeJS,
       .env = {{"NODE_OPTIONS", "--require dd-trace/init"}},
       .reason = kConflict},
      {.name = "Datadog's tracer with its profiler disabled",
       .language = Language::kNodeJS,
       .env = {{"NODE_OPTIONS", "--require=dd-trace/init"}, {"DD_PROFILING_ENABLED", "false"}}},
      {.name = "a script of a name like it",
       .language = Language::kNodeJS,
       .command = {"node", "dd-trace.js"}},
      {.name = "OpenTelemetry",
       .language = Language::kNodeJS,
       .env = {{"NODE_OPTIONS",
                "--require /otel-auto-instrumentation-nodejs/autoinstrumentation.js"}}},
      {.name = "New Relic", .language = Language::kNodeJS, .command = {"node", "-r", "newrelic"}},
      {.name = "Elastic",
       .language = Language::kNodeJS,
       .command = {"node", "-r", "elastic-apm-node/start"}},
      {.name = "Datadog's wrapper",
       .language = Language::kDotNet,
       .env = {{"LD_PRELOAD", "/opt/Datadog.Linux.ApiWrapper.x64.so"}},
       .reason = kConflict},
      {.name = "Datadog's tracer that will come",
       .language = Language::kDotNet,
       .annotation = "admission.datadoghq.com/dotnet-lib.version",
       .reason = kConflict},
      {.name = "New Relic",
       .language = Language::kDotNet,
       .env = {{"CORECLR_NEWRELIC_HOME", "/x"}}},
      {.name = "Dynatrace",
       .language = Language::kDotNet,
       .env = {{"LD_PRELOAD", "/opt/dynatrace/oneagent/agent/lib64/liboneagentproc.so"}}},
      {.name = "Datadog's profiler",
       .language = Language::kRuby,
       .env = {{"DD_PROFILING_ENABLED", "1"}},
       .reason = kConflict},
  };
  return all;
}

TEST(KnownTools, EachToolHasItsAnswer) {
  for (const Shown& s : shown()) {
    EXPECT_EQ(reasonName(reasonFor(s)), reasonName(s.reason))
        << s.name << ", " << api::languageName(s.language);
  }
}

TEST(KnownTools, TheAnnotationOverrulesAGuessByImageName) {
  Shown s{.name = "cloud native", .language = Language::kJava, .image = "cloud-native:1"};
  EXPECT_EQ(reasonFor(s), Reason::kUnsupportedRuntime);
  EXPECT_EQ(reasonFor(s, "java"), Reason::kInjected);
  s.env = {{"JAVA_OPTS", "-javaagent:/x/cryostat.jar"}};
  EXPECT_EQ(reasonFor(s, "java"), Reason::kConflictingAgent);
}

// A tracer that will need the classic slot finds it free, in whichever order the webhooks run.
TEST(KnownTools, TracersThatNeedTheClassicSlotFindItFree) {
  for (const Shown& s : {Shown{.name = "OpenTelemetry",
                        .annotation = "instrumentation.opentelemetry.io/inject-dotnet"},
                         Shown{.name = "New Relic", .env = {{"CORECLR_NEW_RELIC_HOME", "/x"}}},
                         Shown{.name = "Elastic", .env = {{"ELASTIC_APM_PROFILER_HOME", "/x"}}},
                         Shown{.name = "Dynatrace", .init_container = "dynatrace-operator"}}) {
    api::PodView p = pod();
    for (const auto& [name, value] : s.env) setEnv(p.containers[0], name, value);
    if (!s.annotation.empty()) annotate(p, s.annotation, "true");
    if (!s.init_container.empty()) p.init_containers.push_back(container(s.init_container));
    auto e = policy();
    e->policy.spec.languages = {Language::kDotNet};
    const InjectionPlan plan = planUnder({e}, p);
    ASSERT_EQ(plan.containers.size(), 1U) << s.name;
    std::set<std::string> names;
    for (const EnvEdit& edit : plan.containers[0].env) names.insert(edit.name);
    EXPECT_TRUE(names.count("CORECLR_NOTIFICATION_PROFILERS")) << s.name;
    EXPECT_FALSE(names.count("CORECLR_PROFILER")) << s.name;
  }
}

TEST(KnownTools, OnlyRefusalsHaveAReason) {
  for (const ToolRule& rule : toolRules()) {
    EXPECT_EQ(rule.answer == Answer::kRefuse, rule.reason != Reason::kInjected) << rule.tool;
    EXPECT_FALSE(rule.marks.empty()) << rule.tool;
  }
}

}  // namespace
}  // namespace profiling::inject
