// JAVA_TOOL_OPTIONS names a small jar (webhooks/agents/java) that starts async-profiler on a thread of
// its own. It reads PYROSCOPE_* with the names and formats of Grafana's agent (grafana/pyroscope-java,
// agent/src/main/java/io/pyroscope/javaagent/config/Config.java).
#include "operator/inject/languages/language.h"

namespace profiling::inject {
namespace {

constexpr std::string_view kOption = "-javaagent:/profiling-agent/java/pyroscope.jar";

// The profiler is loaded into a running JVM, which then knows inlined methods only where it was
// started with these options: without them their time is their callers'. HotSpot takes both since Java 6,
// in this order; OpenJ9 ignores options that begin with -XX: and that it does not know.
constexpr std::array<std::string_view, 2> kOptions{"-XX:+UnlockDiagnosticVMOptions",
                                                   "-XX:+DebugNonSafepoints"};

constexpr std::array<std::string_view, 3> kCommands{"java", "catalina.sh", "jetty.sh"};
constexpr std::array<std::string_view, 2> kSuffixes{".jar", ".war"};
// JAVA_HOME is none: images of PySpark set it, too.
constexpr std::array<std::string_view, 6> kEnvNames{"JAVA_TOOL_OPTIONS", "JAVA_OPTS",
                                                    "JDK_JAVA_OPTIONS",  "_JAVA_OPTIONS",
                                                    "CATALINA_OPTS",     "SPRING_PROFILES_ACTIVE"};
// Words of the runtime: a client of Kafka may be written in anything.
constexpr std::array<std::string_view, 10> kImageWords{
    "java", "openjdk", "jdk", "jre", "temurin", "corretto", "zulu", "tomcat", "jetty", "wildfly"};

// What counts CPU: a timer for each thread; it needs no perf_event access. Totals were within 10 % of the
// truth where those by the process's one timer (itimer) were up to 37 % off, beside other work and
// under a quota.
constexpr std::string_view kTimer = "ctimer";

std::vector<NameValue> settings(const api::EffectivePolicy& policy, const api::ContainerView&) {
  const api::ProfilingPolicySpec& spec = policy.policy.spec;
  std::vector<NameValue> out = {
      {"PYROSCOPE_PROFILER_EVENT", std::string(kTimer)},
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
    .options = kOptions,
    .hints = {kCommands, kSuffixes, kEnvNames, kImageWords},
    .spy = "javaspy",
    .needs_temp = true,
    .copy_mebibytes = 2,
    .longest = 1023,
    .settings = settings,
};

}  // namespace profiling::inject
