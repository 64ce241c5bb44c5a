// The agent is a jar that JAVA_TOOL_OPTIONS names; it reads PYROSCOPE_* itself
// (grafana/pyroscope-java, agent/src/main/java/io/pyroscope/javaagent/config/Config.java).
#include "operator/base/text.h"
#include "webhooks/inject/lang/language.h"

namespace profiling::inject {
namespace {

constexpr std::string_view kOption = "-javaagent:/profiling-agent/java/pyroscope.jar";

constexpr std::array<std::string_view, 3> kCommands{"java", "catalina.sh", "jetty.sh"};
constexpr std::array<std::string_view, 2> kSuffixes{".jar", ".war"};
constexpr std::array<std::string_view, 7> kEnvNames{
    "JAVA_TOOL_OPTIONS", "JAVA_OPTS", "JDK_JAVA_OPTIONS",      "_JAVA_OPTIONS",
    "CATALINA_OPTS",     "JAVA_HOME", "SPRING_PROFILES_ACTIVE"};
constexpr std::array<std::string_view, 13> kImageWords{
    "java",   "openjdk", "jdk",     "jre",      "temurin", "corretto",     "zulu",
    "tomcat", "jetty",   "wildfly", "keycloak", "kafka",   "elasticsearch"};

// Options through which another async-profiler, or an agent built on one, comes into the process:
// only one can own the signal handler.
bool isForeignProfiler(std::string_view word, bool datadog_profiles) {
  if (!word.starts_with("-javaagent:") && !word.starts_with("-agentpath:")) return false;
  if (word.starts_with(kOption)) return false;
  for (const std::string_view name : {"pyroscope", "asyncProfiler", "async-profiler", "cryostat"}) {
    if (word.find(name) != std::string_view::npos) return true;
  }
  return datadog_profiles && word.find("dd-java-agent") != std::string_view::npos;
}

bool conflicts(const api::ContainerView& container, const ContainerEnv& env) {
  const bool datadog = switchedOn(env, "DD_PROFILING_ENABLED");
  for (const std::string_view name :
       {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JAVA_OPTS", "CATALINA_OPTS"}) {
    const api::EnvVarView* var = env.find(name);
    if (var == nullptr) continue;
    for (const std::string_view word : split(var->value, ' ')) {
      if (isForeignProfiler(word, datadog)) return true;
    }
  }
  for (const auto* words : {&container.command, &container.args}) {
    for (const std::string_view word : *words) {
      if (isForeignProfiler(word, datadog)) return true;
    }
  }
  return false;
}

std::vector<NameValue> settings(const api::EffectivePolicy& policy, const api::ContainerView&) {
  const api::ProfilingPolicySpec& spec = policy.policy.spec;
  std::vector<NameValue> out = {
      {"PYROSCOPE_FORMAT", "jfr"},             // the only format that carries several events
      {"PYROSCOPE_PROFILER_EVENT", "itimer"},  // needs no perf_event access
      {"PYROSCOPE_PROFILING_INTERVAL", javaPeriod(spec.sampling.cpu_hz)},
      {"PYROSCOPE_UPLOAD_INTERVAL", javaDuration(spec.sampling.upload_interval)},
  };
  if (spec.profiles.allocations || spec.profiles.in_use_memory) {
    out.push_back({"PYROSCOPE_PROFILER_ALLOC", "512k"});
  }
  // Live mode keeps only samples of objects that survive, so it would empty the allocation profile.
  if (spec.profiles.in_use_memory && !spec.profiles.allocations) {
    out.push_back({"PYROSCOPE_ALLOC_LIVE", "true"});
  }
  if (spec.profiles.locks) out.push_back({"PYROSCOPE_PROFILER_LOCK", "10ms"});
  return out;
}

}  // namespace

constinit const LanguageRow kJavaRow{
    .language = api::Language::kJava,
    .variable = {.name = "JAVA_TOOL_OPTIONS", .addition = kOption},
    .hints = {kCommands, kSuffixes, kEnvNames, kImageWords},
    .needs_temp = true,
    .conflicts = conflicts,
    .settings = settings,
};

}  // namespace profiling::inject
