// The table. Each answer comes from the tool's own documentation or source, or from ours.
#include "operator/inject/tools/known_tools.h"

namespace profiling::inject {
namespace {

using api::Language;

// Marks by tool. The class ids of CLR profilers are no marks: any profiler in the classic slot
// stays there.
constexpr Mark kPyroscopeJava[] = {{Sign::kAgentOption, "pyroscope"},
                                   {Sign::kOption, "pyroscope-otel"}};
constexpr Mark kAsyncProfiler[] = {{Sign::kAgentOption, "asyncProfiler"},
                                   {Sign::kAgentOption, "async-profiler"}};
constexpr Mark kCryostat[] = {{Sign::kAgentOption, "cryostat"}, {Sign::kLabel, "cryostat.io/name"}};
constexpr Mark kDatadogJava[] = {{Sign::kAgentOption, "dd-java-agent"},
                                 {Sign::kAnnotation, "admission.datadoghq.com/java-lib.version"},
                                 {Sign::kInitContainer, "datadog-lib-java-init"}};
constexpr Mark kDatadogNode[] = {{Sign::kPreload, "dd-trace"},
                                 {Sign::kAnnotation, "admission.datadoghq.com/js-lib.version"},
                                 {Sign::kInitContainer, "datadog-lib-js-init"}};
constexpr Mark kDatadogDotNet[] = {
    {Sign::kLibrary, "Datadog.Linux.ApiWrapper"},
    {Sign::kAnnotation, "admission.datadoghq.com/dotnet-lib.version"},
    {Sign::kInitContainer, "datadog-lib-dotnet-init"},
    {Sign::kSwitchedOn, "DD_PROFILING_ENABLED"}};
constexpr Mark kDatadogProfiler[] = {{Sign::kSwitchedOn, "DD_PROFILING_ENABLED"}};
constexpr Mark kDatadogAny[] = {{Sign::kVariable, "DD_ENV"},
                                {Sign::kVariable, "DD_SERVICE"},
                                {Sign::kVariable, "DD_AGENT_HOST"},
                                {Sign::kVariable, "DD_TRACE_AGENT_URL"}};
constexpr Mark kInferredSpans[] = {
    {Sign::kSwitchedOn, "ELASTIC_APM_PROFILING_INFERRED_SPANS_ENABLED"},
    {Sign::kSwitchedOn, "ELASTIC_OTEL_INFERRED_SPANS_ENABLED"},
    {Sign::kSwitchedOn, "OTEL_INFERRED_SPANS_ENABLED"}};
constexpr Mark kElasticJava[] = {{Sign::kAgentOption, "elastic-apm-agent"},
                                 {Sign::kAgentOption, "elastic-otel-javaagent"},
                                 {Sign::kInitContainer, "elastic-java-agent"}};
constexpr Mark kElasticNode[] = {{Sign::kPreload, "elastic-apm-node"},
                                 {Sign::kInitContainer, "elastic-nodejs-agent"}};
constexpr Mark kElasticDotNet[] = {{Sign::kVariable, "ELASTIC_APM_PROFILER_HOME"},
                                   {Sign::kInitContainer, "elastic-dotnet-agent"}};
constexpr Mark kOtelJava[] = {{Sign::kAgentOption, "opentelemetry-javaagent"},
                              {Sign::kAgentOption, "otel-auto-instrumentation-java"},
                              {Sign::kAnnotation, "instrumentation.opentelemetry.io/inject-java"},
                              {Sign::kInitContainer, "opentelemetry-auto-instrumentation-java"}};
constexpr Mark kOtelPython[] = {
    {Sign::kAnnotation, "instrumentation.opentelemetry.io/inject-python"},
    {Sign::kInitContainer, "opentelemetry-auto-instrumentation-python"}};
constexpr Mark kOtelNode[] = {{Sign::kPreload, "otel-auto-instrumentation-nodejs"},
                              {Sign::kPreload, "@opentelemetry/"},
                              {Sign::kAnnotation, "instrumentation.opentelemetry.io/inject-nodejs"},
                              {Sign::kInitContainer, "opentelemetry-auto-instrumentation-nodejs"}};
constexpr Mark kOtelDotNet[] = {
    {Sign::kVariable, "OTEL_DOTNET_AUTO_HOME"},
    {Sign::kAnnotation, "instrumentation.opentelemetry.io/inject-dotnet"},
    {Sign::kInitContainer, "opentelemetry-auto-instrumentation-dotnet"}};
constexpr Mark kNewRelicJava[] = {{Sign::kAgentOption, "newrelic"}};
constexpr Mark kNewRelicNode[] = {{Sign::kPreload, "newrelic"}};
constexpr Mark kNewRelicDotNet[] = {{Sign::kVariable, "CORECLR_NEWRELIC_HOME"},
                                    {Sign::kVariable, "CORECLR_NEW_RELIC_HOME"}};
constexpr Mark kDynatrace[] = {{Sign::kLibrary, "liboneagentproc"},
                               {Sign::kAgentOption, "liboneagent"},
                               {Sign::kInitContainer, "install-oneagent"},
                               {Sign::kInitContainer, "dynatrace-operator"}};
constexpr Mark kNativeImage[] = {{Sign::kImageWord, "native"}};
constexpr Mark kJlink[] = {{Sign::kImageWord, "jlink"}};
constexpr Mark kOpenJ9[] = {{Sign::kImageWord, "openj"},  // its 9 is a digit at the end
                            {Sign::kImageWord, "semeru"},
                            {Sign::kImageWord, "ibmjava"},
                            {Sign::kVariable, "OPENJ9_JAVA_OPTIONS"},
                            {Sign::kVariable, "IBM_JAVA_OPTIONS"}};
// Azul's JVM is another one than HotSpot: nobody has seen the agent, or the options that it needs, in it.
constexpr Mark kZing[] = {{Sign::kImageWord, "zing"}};
constexpr Mark kAotMode[] = {{Sign::kOption, "-XX:AOTMode=on"}};
constexpr Mark kAotCache[] = {{Sign::kOption, "-XX:AOTCache="}};
constexpr Mark kPermission[] = {{Sign::kNodeFlag, "--permission"},
                                {Sign::kNodeFlag, "--experimental-permission"},
                                {Sign::kNodeFlag, "--experimental-policy"}};
constexpr Mark kVersion[] = {{Sign::kVersion, {}}};

constexpr ToolRule kRules[] = {
    // Java. One async-profiler owns the process's signal handler; a second start of Pyroscope's own
    // agent would be refused at run time, and its settings would be ours.
    {.tool = "Pyroscope agent of the container",
     .language = Language::kJava,
     .marks = kPyroscopeJava,
     .answer = Answer::kRefuse,
     .reason = Reason::kEmbeddedSDK},
    {.tool = "async-profiler",
     .language = Language::kJava,
     .marks = kAsyncProfiler,
     .answer = Answer::kRefuse,
     .reason = Reason::kConflictingAgent},
    {.tool = "Cryostat",
     .language = Language::kJava,
     .marks = kCryostat,
     .answer = Answer::kRefuse,
     .reason = Reason::kConflictingAgent},
    {.tool = "Datadog with its profiler",
     .language = Language::kJava,
     .marks = kDatadogJava,
     .also = {Sign::kSwitchedOn, "DD_PROFILING_ENABLED"},
     .answer = Answer::kRefuse,
     .reason = Reason::kConflictingAgent},
    {.tool = "inferred spans of Elastic and OpenTelemetry, which are an async-profiler",
     .language = Language::kJava,
     .marks = kInferredSpans,
     .answer = Answer::kRefuse,
     .reason = Reason::kConflictingAgent},
    {.tool = "GraalVM native image, which has no JVM to load an agent",
     .language = Language::kJava,
     .marks = kNativeImage,
     .answer = Answer::kRefuse,
     .reason = Reason::kUnsupportedRuntime},
    {.tool = "OpenJ9, which is not HotSpot",
     .language = Language::kJava,
     .marks = kOpenJ9,
     .answer = Answer::kRefuse,
     .reason = Reason::kUnsupportedRuntime},
    {.tool = "Azul Zing, which is not HotSpot",
     .language = Language::kJava,
     .marks = kZing,
     .answer = Answer::kRefuse,
     .reason = Reason::kUnsupportedRuntime},
    {.tool = "a runtime made by jlink, which lacks java.instrument unless it was added",
     .language = Language::kJava,
     .marks = kJlink,
     .answer = Answer::kRefuse,
     .reason = Reason::kUnsupportedRuntime},
    {.tool = "Java 7 and older, which the launcher is too new for",
     .language = Language::kJava,
     .marks = kVersion,
     .answer = Answer::kRefuse,
     .reason = Reason::kUnsupportedVersion},
    {.tool = "an AOT cache without which the JVM does not start; an agent makes it unusable",
     .language = Language::kJava,
     .marks = kAotMode,
     .answer = Answer::kRefuse,
     .reason = Reason::kRuntimeOptions},
    {.tool = "the JVM does not use its AOT cache beside an agent, and starts more slowly",
     .language = Language::kJava,
     .marks = kAotCache,
     .answer = Answer::kWarn},
    {.tool = "OpenTelemetry",
     .language = Language::kJava,
     .marks = kOtelJava,
     .answer = Answer::kOrder},
    {.tool = "Datadog",
     .language = Language::kJava,
     .marks = kDatadogJava,
     .answer = Answer::kOrder},
    {.tool = "Elastic",
     .language = Language::kJava,
     .marks = kElasticJava,
     .answer = Answer::kOrder},
    {.tool = "New Relic",
     .language = Language::kJava,
     .marks = kNewRelicJava,
     .answer = Answer::kOrder},
    {.tool = "Dynatrace", .language = Language::kJava, .marks = kDynatrace},

    // Python. Samplers of other vendors run beside ours, and our sitecustomize calls the next one.
    {.tool = "Python 2, 3.15 and later, and builds without the global lock",
     .language = Language::kPython,
     .marks = kVersion,
     .answer = Answer::kRefuse,
     .reason = Reason::kUnsupportedVersion},
    {.tool = "OpenTelemetry",
     .language = Language::kPython,
     .marks = kOtelPython,
     .answer = Answer::kOrder},
    {.tool = "Datadog", .language = Language::kPython, .marks = kDatadogAny},
    {.tool = "Dynatrace", .language = Language::kPython, .marks = kDynatrace},

    // Node. Versions before 12 know neither the option nor the syntax of the preload, and Node's
    // permission model and policies let no file in that they do not name.
    {.tool = "Node.js before 12",
     .language = Language::kNodeJS,
     .marks = kVersion,
     .answer = Answer::kRefuse,
     .reason = Reason::kUnsupportedVersion},
    {.tool = "Node's permission model or a policy",
     .language = Language::kNodeJS,
     .marks = kPermission,
     .answer = Answer::kRefuse,
     .reason = Reason::kRuntimeOptions},
    // Datadog's continuous profiler is the same native add-on, which cannot be in a process
    // twice; its tracer starts it unless switched off.
    {.tool = "Datadog with its profiler",
     .language = Language::kNodeJS,
     .marks = kDatadogProfiler,
     .answer = Answer::kRefuse,
     .reason = Reason::kConflictingAgent},
    {.tool = "Datadog",
     .language = Language::kNodeJS,
     .marks = kDatadogNode,
     .unless = {Sign::kVariable, "DD_PROFILING_ENABLED"},
     .answer = Answer::kRefuse,
     .reason = Reason::kConflictingAgent},
    {.tool = "Datadog without its profiler",
     .language = Language::kNodeJS,
     .marks = kDatadogNode,
     .answer = Answer::kOrder},
    {.tool = "OpenTelemetry",
     .language = Language::kNodeJS,
     .marks = kOtelNode,
     .answer = Answer::kOrder},
    {.tool = "Elastic",
     .language = Language::kNodeJS,
     .marks = kElasticNode,
     .answer = Answer::kOrder},
    {.tool = "New Relic",
     .language = Language::kNodeJS,
     .marks = kNewRelicNode,
     .answer = Answer::kOrder},
    {.tool = "Dynatrace", .language = Language::kNodeJS, .marks = kDynatrace},

    // .NET. Ours is a fork of Datadog's profiler: both preload a wrapper of the same functions.
    {.tool = "Datadog with its profiler or its wrapper",
     .language = Language::kDotNet,
     .marks = kDatadogDotNet,
     .answer = Answer::kRefuse,
     .reason = Reason::kConflictingAgent},
    {.tool = "OpenTelemetry",
     .language = Language::kDotNet,
     .marks = kOtelDotNet,
     .answer = Answer::kOtherSlot},
    {.tool = "New Relic",
     .language = Language::kDotNet,
     .marks = kNewRelicDotNet,
     .answer = Answer::kOtherSlot},
    {.tool = "Elastic",
     .language = Language::kDotNet,
     .marks = kElasticDotNet,
     .answer = Answer::kOtherSlot},
    {.tool = "Dynatrace",
     .language = Language::kDotNet,
     .marks = kDynatrace,
     .answer = Answer::kOtherSlot},

    // Ruby. Two samplers in one interpreter interrupt each other.
    {.tool = "Datadog with its profiler",
     .language = Language::kRuby,
     .marks = kDatadogProfiler,
     .answer = Answer::kRefuse,
     .reason = Reason::kConflictingAgent},
};

}  // namespace

std::span<const ToolRule> toolRules() {
  return kRules;
}

}  // namespace profiling::inject
