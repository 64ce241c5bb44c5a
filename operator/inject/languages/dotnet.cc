// The CLR loads a profiler by CORECLR_* variables, and that profiler needs a library of its own
// preloaded into the process (grafana/pyroscope-dotnet). The image carries a tree for each libc.
//
// The runtime has one classic slot, which tracers need as well, and since .NET 5 a list of
// *notification* profilers beside it. Ours goes into the classic slot when it is free, because that
// is what most of its users run; else into the list. It never takes another profiler's slot.
#include <algorithm>

#include "operator/base/quantity.h"
#include "operator/base/text.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/languages/libc.h"
#include "operator/inject/tools/known_tools.h"

namespace profiling::inject {
namespace {

constexpr std::string_view kClassId = "{BD1A650D-AC5D-4896-B64F-D6FA25D6B26A}";
constexpr std::string_view kOwnFolder = "/profiling-agent/dotnet/";

// The wrapper has the same name on every architecture, and finds itself by that name.
struct Tree {
  std::string_view folder, profiler, wrapper, notification;
};
constexpr Tree kGlibcTree{"/profiling-agent/dotnet/glibc",
                          "/profiling-agent/dotnet/glibc/Pyroscope.Profiler.Native.so",
                          "/profiling-agent/dotnet/glibc/Pyroscope.Linux.ApiWrapper.x64.so",
                          "/profiling-agent/dotnet/glibc/"
                          "Pyroscope.Profiler.Native.so={BD1A650D-AC5D-4896-B64F-D6FA25D6B26A}"};
constexpr Tree kMuslTree{"/profiling-agent/dotnet/musl",
                         "/profiling-agent/dotnet/musl/Pyroscope.Profiler.Native.so",
                         "/profiling-agent/dotnet/musl/Pyroscope.Linux.ApiWrapper.x64.so",
                         "/profiling-agent/dotnet/musl/"
                         "Pyroscope.Profiler.Native.so={BD1A650D-AC5D-4896-B64F-D6FA25D6B26A}"};

// The profiler refuses to start below a CPU limit of one core unless a lower bound is set: ours is the
// least that a container needs for any agent.
constexpr double kDefaultCores = 1.0;
constexpr std::string_view kLeastCores = "0.05";

constexpr std::array<std::string_view, 1> kCommands{"dotnet"};
constexpr std::array<std::string_view, 1> kSuffixes{".dll"};
constexpr std::array<std::string_view, 7> kEnvNames{"ASPNETCORE_URLS",
                                                    "ASPNETCORE_ENVIRONMENT",
                                                    "ASPNETCORE_HTTP_PORTS",
                                                    "DOTNET_ENVIRONMENT",
                                                    "DOTNET_RUNNING_IN_CONTAINER",
                                                    "DOTNET_gcServer",
                                                    "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"};
constexpr std::array<std::string_view, 4> kImageWords{"dotnet", "aspnet", "aspnetcore",
                                                      "dotnetcore"};

bool sameIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// The path of an element "path={class id}" of the list, if it is the Pyroscope profiler's.
std::optional<std::string_view> pyroscopePath(std::string_view element) {
  const std::size_t eq = element.rfind('=');
  if (eq == std::string_view::npos) return std::nullopt;
  if (!sameIgnoringCase(trim(element.substr(eq + 1)), kClassId)) return std::nullopt;
  return trim(element.substr(0, eq));
}

// The runtime's own switches: no profiler is loaded, whatever else is set.
bool diagnosticsOff(const ContainerEnv& env) {
  for (const std::string_view prefix : {"DOTNET_", "COMPlus_"}) {
    const std::string all = std::string(prefix) + "EnableDiagnostics";
    if (env.switchedOff(all + "_Profiler")) return true;
    if (env.switchedOff(all) && !env.switchedOn(all + "_Profiler")) return true;
  }
  return false;
}

enum class Slot { kClassic, kNotification, kEmbedded, kOff };

Slot slotOf(const ContainerEnv& env) {
  // Ours is a fork of Datadog's profiler and reads that one's switch before its own.
  if (env.switchedOff("CORECLR_ENABLE_PROFILING") || env.switchedOff("DD_PROFILING_ENABLED") ||
      diagnosticsOff(env)) {
    return Slot::kOff;
  }
  if (const api::EnvVarView* list = env.find("CORECLR_NOTIFICATION_PROFILERS")) {
    for (const std::string_view element : split(list->value, ';')) {
      const auto path = pyroscopePath(element);
      if (path) return path->starts_with(kOwnFolder) ? Slot::kNotification : Slot::kEmbedded;
    }
  }
  const api::EnvVarView* profiler = env.find("CORECLR_PROFILER");
  const api::EnvVarView* path = env.find("CORECLR_PROFILER_PATH");
  bool taken = env.find("CORECLR_PROFILER_PATH_64") != nullptr ||
               env.find("CORECLR_PROFILER_PATH_ARM64") != nullptr;
  if (const api::EnvVarView* enabled = env.find("CORECLR_ENABLE_PROFILING")) {
    taken = taken || enabled->has_value_from;  // by another tool
  }
  if (profiler == nullptr && path == nullptr) return taken ? Slot::kNotification : Slot::kClassic;
  const bool pyroscope = profiler != nullptr && sameIgnoringCase(trim(profiler->value), kClassId);
  const bool ours = path != nullptr && path->value.starts_with(kOwnFolder);
  if (ours && (pyroscope || profiler == nullptr)) return Slot::kClassic;
  if (pyroscope && (path != nullptr || taken)) return Slot::kEmbedded;
  if (pyroscope) return Slot::kClassic;  // half of ours is left
  return Slot::kNotification;
}

const Tree& treeOf(const ContainerContext& where) {
  const LibcAnswer answer = libcOf(where.pod, where.container());
  const api::EnvVarView* preload = where.env.find("LD_PRELOAD");
  // A guess does not overrule what an earlier pass injected.
  if (!answer.stated && preload != nullptr &&
      preload->value.find(kMuslTree.wrapper) != std::string_view::npos) {
    return kMuslTree;
  }
  return answer.libc == Libc::kMusl ? kMuslTree : kGlibcTree;
}

// ld.so takes colons and blanks alike.
constexpr MergeVariable preloadOf(const Tree& tree) {
  return {.name = "LD_PRELOAD",
          .addition = tree.wrapper,
          .separator = ':',
          .other_separator = ' ',
          .own = kOwnFolder};
}

Attachment attach(const ContainerContext& where) {
  const Tree& tree = treeOf(where);
  Slot slot = slotOf(where.env);
  if (slot == Slot::kOff) return {.reason = Reason::kProfilingDisabled};
  if (slot == Slot::kEmbedded) return {.reason = Reason::kEmbeddedSDK};
  const bool there = where.env.find("CORECLR_PROFILER") != nullptr ||
                     where.env.find("CORECLR_PROFILER_PATH") != nullptr;
  // The pod announces a tracer, which needs the classic slot.
  if (slot == Slot::kClassic && !there &&
      findRule(api::Language::kDotNet, Answer::kOtherSlot, where) != nullptr) {
    slot = Slot::kNotification;
  }

  Attachment out;
  out.variables.push_back(preloadOf(tree));
  if (&tree == &kMuslTree) {
    // musl does not find the wrapper, which the profiler needs, by name among what was preloaded by
    // path. glibc does, so there an LD_LIBRARY_PATH of the image is not put aside.
    out.variables.push_back({.name = "LD_LIBRARY_PATH",
                             .addition = tree.folder,
                             .separator = ':',
                             .self_reference = true,
                             .own = kOwnFolder});
  }
  if (slot == Slot::kClassic) {
    out.fixed = {{"CORECLR_ENABLE_PROFILING", "1"},
                 {"CORECLR_PROFILER", std::string(kClassId)},
                 {"CORECLR_PROFILER_PATH", std::string(tree.profiler)}};
    return out;
  }
  if (where.env.switchedOff("CORECLR_ENABLE_NOTIFICATION_PROFILERS")) {
    return {.reason = Reason::kProfilingDisabled};
  }
  // Runtimes drop an entry that no semicolon ends.
  out.variables.push_back({.name = "CORECLR_NOTIFICATION_PROFILERS",
                           .addition = tree.notification,
                           .separator = ';',
                           .terminated = true,
                           .own = kOwnFolder});
  out.fixed = {{"CORECLR_ENABLE_NOTIFICATION_PROFILERS", "1"}};
  return out;
}

std::vector<NameValue> settings(const api::EffectivePolicy& policy,
                                const api::ContainerView& container) {
  const api::ProfilingPolicySpec& spec = policy.policy.spec;
  std::vector<NameValue> out = {
      {"PYROSCOPE_PROFILING_ENABLED", "1"},
      {"PYROSCOPE_PROFILING_CPU_ENABLED", "true"},
      {"PYROSCOPE_PROFILING_UPLOAD_PERIOD", wholeSeconds(spec.sampling.upload_interval)},
  };
  if (spec.profiles.allocations) out.push_back({"PYROSCOPE_PROFILING_ALLOCATION_ENABLED", "true"});
  if (spec.profiles.in_use_memory) out.push_back({"PYROSCOPE_PROFILING_HEAP_ENABLED", "true"});
  if (spec.profiles.locks) out.push_back({"PYROSCOPE_PROFILING_LOCK_ENABLED", "true"});
  const auto limit = parseQuantity(container.resources.cpu_limit);
  if (limit && *limit < kDefaultCores) {
    out.push_back({"PYROSCOPE_PROFILING_MIN_CORES_THRESHOLD", std::string(kLeastCores)});
  }
  return out;
}

}  // namespace

constinit const LanguageRow kDotNetRow{
    .language = api::Language::kDotNet,
    .variable = preloadOf(kGlibcTree),
    .hints = {kCommands, kSuffixes, kEnvNames, kImageWords},
    .choice = Choice::kHint,
    .colon_ends_tag_name = true,
    .attach = attach,
    .settings = settings,
};

}  // namespace profiling::inject
