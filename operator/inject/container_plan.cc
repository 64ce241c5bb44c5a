#include "operator/inject/container_plan.h"

#include <algorithm>

#include "operator/base/quantity.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/inject/image_env.h"
#include "operator/inject/languages/detect.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/languages/language_choice.h"
#include "operator/inject/names.h"
#include "operator/inject/pod_checks.h"
#include "operator/inject/pprof/pprof.h"
#include "operator/inject/tools/known_tools.h"
#include "operator/inject/tools/runtime_version.h"

namespace profiling::inject {
namespace {

// The least that an agent, and the init container that copies it, need.
constexpr double kLeastCpu = 0.05;
constexpr double kLeastMemory = 100.0 * 1024 * 1024;

bool below(std::string_view limit, double least) {
  const auto value = parseQuantity(limit);
  return value && *value < least;
}

std::string_view trimmedPath(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

const api::MountView* mountAt(const api::ContainerView& c, std::string_view path) {
  for (const api::MountView& m : c.mounts) {
    if (trimmedPath(m.mount_path) == path) return &m;
  }
  return nullptr;
}

// Whether something else is mounted where one of our volumes goes, or inside of it.
bool pathTaken(const api::ContainerView& c, std::string_view path, std::string_view volume) {
  for (const api::MountView& m : c.mounts) {
    const std::string_view at = trimmedPath(m.mount_path);
    if (at == path && m.name != volume) return true;
    if (at.size() > path.size() && at.starts_with(path) && at[path.size()] == '/') return true;
  }
  return false;
}

enum class Temp { kFine, kNeeded, kReadOnly };

// Java's agent records into a file below java.io.tmpdir: a JVM without a writable one would go
// unprofiled. The application's own folder is changed only where there is none.
Temp tempOf(const ContainerEnv& env) {
  const api::ContainerView& c = env.container();
  for (const std::string_view name : {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS"}) {
    const api::EnvVarView* var = env.find(name);
    if (var == nullptr) continue;
    const std::size_t at = var->value.find("-Djava.io.tmpdir=");
    if (at != std::string_view::npos && !var->value.substr(at).starts_with(kTempOption)) {
      return Temp::kFine;
    }
  }
  if (const api::MountView* tmp = mountAt(c, "/tmp")) {
    return tmp->read_only ? Temp::kReadOnly : Temp::kFine;
  }
  return c.security.read_only_root ? Temp::kNeeded : Temp::kFine;
}

// The settings that the agents read, by the beginning of their names (grafana/pyroscope-java,
// pyroscope-nodejs, pyroscope-dotnet): a pod may set them for our agent. Any other PYROSCOPE_* is the
// application's own name for a setting of an SDK in its code.
constexpr std::array<std::string_view, 34> kAgentSettings{"AGENT_",
                                                          "ALLOC_LIVE",
                                                          "APPLICATION_NAME",
                                                          "ASYNC_PROFILER_",
                                                          "AUTH_TOKEN",
                                                          "BASIC_AUTH_",
                                                          "COMPRESSION_",
                                                          "CONFIGURATION_FILE",
                                                          "CPU_",
                                                          "DOTNET_",
                                                          "ENV",
                                                          "EXPORT_",
                                                          "FLUSH_",
                                                          "FORMAT",
                                                          "GC_BEFORE_DUMP",
                                                          "HEAP_",
                                                          "HTTP_HEADERS",
                                                          "INGEST_",
                                                          "JAVA_",
                                                          "LABELS",
                                                          "LOG_",
                                                          "NODE_",
                                                          "PROFILER_",
                                                          "PROFILE_EXPORT_",
                                                          "PROFILING_",
                                                          "PUSH_QUEUE_",
                                                          "SAMPLING_",
                                                          "SERVER_ADDRESS",
                                                          "STATIC_LABELS",
                                                          "TENANT_ID",
                                                          "TRACING_",
                                                          "UPLOAD_",
                                                          "WALL_",
                                                          "VERSION"};

bool namesAnSdk(const ContainerEnv& env) {
  constexpr std::string_view kPrefix = "PYROSCOPE_";
  return std::ranges::any_of(env.entries(), [&](const api::EnvVarView* var) {
    if (!var->name.starts_with(kPrefix)) return false;
    const std::string_view rest = var->name.substr(kPrefix.size());
    return std::ranges::none_of(kAgentSettings,
                                [rest](std::string_view known) { return rest.starts_with(known); });
  });
}

// Whether the container brings its own Pyroscope settings. Values that equal ours, or that stand
// beside our agent, come from an earlier pass.
bool embedsSdk(const ContainerReading& container, const std::string& name,
               const std::string& address) {
  const ContainerEnv& env = container.env;
  const api::EnvVarView* app = env.find(kApplicationNameEnv);
  const api::EnvVarView* server = env.find(kServerAddressEnv);
  if (env.find("PYROSCOPE_ADHOC_SERVER_ADDRESS") != nullptr) return true;
  if (container.carries_agent) return false;
  for (const std::string_view ours : {kApplicationNameEnv, kServerAddressEnv}) {
    if (env.supplies(ours) == Supply::kYes) return true;
  }
  if (namesAnSdk(env)) return true;
  if (app == nullptr && server == nullptr) return false;
  return app == nullptr || server == nullptr || app->value != name || server->value != address;
}

class EnvPlanner {
 public:
  EnvPlanner(const ContainerEnv& env, ContainerPlan& plan) : env_(env), plan_(plan) {}

  void setIfAbsent(std::string_view name, std::string value) {
    const auto same = [&](const EnvEdit& e) { return e.name == name; };
    if (env_.find(name) != nullptr || std::ranges::any_of(plan_.env, same)) return;
    append(name, std::move(value), {});
  }
  // The variable is ours on every container with our agent, so an old value is replaced.
  void setOurs(std::string_view name, std::string value) {
    const api::EnvVarView* var = env_.find(name);
    if (var == nullptr) return append(name, std::move(value), {});
    if (var->has_value_from || var->value == value) return;
    plan_.env.push_back(
        {EnvEdit::Kind::kReplaceValue, std::string(name), std::move(value), {}, env_.indexOf(var)});
  }
  // Tags refer to pod and node, whose variables therefore stand earlier: at the front where the
  // container has the tags already.
  void setTags(std::string tags) {
    const api::EnvVarView* existing = env_.find(kLabelsEnv);
    const std::string_view text = existing == nullptr ? std::string_view(tags) : existing->value;
    const std::pair<std::string_view, std::string_view> downward[] = {
        {kPodNameEnv, "metadata.name"}, {kNodeNameEnv, "spec.nodeName"}};
    for (const auto& [name, field] : downward) {
      if (env_.find(name) != nullptr) continue;
      if (text.find(strCat("$(", name, ")")) == std::string_view::npos) continue;
      append(name, {}, std::string(field));
      if (existing != nullptr) plan_.env.back().kind = EnvEdit::Kind::kPrepend;
    }
    if (existing == nullptr) append(kLabelsEnv, std::move(tags), {});
  }

 private:
  void append(std::string_view name, std::string value, std::string field) {
    plan_.env.push_back(
        {EnvEdit::Kind::kAppend, std::string(name), std::move(value), std::move(field), 0});
  }

  const ContainerEnv& env_;
  ContainerPlan& plan_;
};

bool limitsTooSmall(const api::ResourcesView& r) {
  return below(r.cpu_limit, kLeastCpu) || below(r.memory_limit, kLeastMemory);
}

// Why this language cannot have this container, before its variable is looked at.
std::optional<Refusal> languageProblem(const PodContext& ctx, const LanguageRow& row,
                                       const ContainerEnv& env, Temp temp) {
  const api::ContainerView& c = env.container();
  const Reason pod_wide = ctx.language_problems[static_cast<std::size_t>(row.language)];
  // A sidecar has limits of its own, but shares those of the pod.
  if (limitsTooSmall(ctx.reading.pod.resources)) return Refusal{Reason::kLimitsTooSmall};
  if (row.scraped) return pprofProblem(ctx, c, pod_wide);
  if (pathTaken(c, kMountPath, kVolumeName)) return Refusal{Reason::kNameConflict};
  if (limitsTooSmall(c.resources)) return Refusal{Reason::kLimitsTooSmall};
  if (pod_wide != Reason::kInjected) return Refusal{pod_wide};
  if (const ToolRule* rule = findRule(row.language, Answer::kRefuse, {ctx.reading.pod, env})) {
    // An image's name is a guess, which the language's name in the pod's annotation overrules.
    const std::vector<api::Language>& named = ctx.decision.annotated_languages;
    const bool guess =
        rule->reason == Reason::kUnsupportedRuntime || rule->reason == Reason::kUnsupportedVersion;
    if (!guess || std::ranges::find(named, row.language) == named.end()) {
      return Refusal{rule->reason};
    }
  }
  if (row.needs_temp && temp == Temp::kReadOnly) return Refusal{Reason::kReadOnlyTemp};
  if (row.needs_temp && temp == Temp::kNeeded) {
    const api::VolumeView* volume = findVolume(ctx.reading.pod, kTempVolumeName);
    if ((volume != nullptr && !volume->is_empty_dir) ||
        pathTaken(c, kTempMountPath, kTempVolumeName)) {
      return Refusal{Reason::kNameConflict};
    }
  }
  // An init container that starts before ours would not find the files.
  const api::ContainerView* own = ctx.reading.ownInitContainer(row.language);
  if (c.is_init && own != nullptr && own->index > c.index) return Refusal{Reason::kNameConflict};
  return std::nullopt;
}

// Whether our addition makes the runtime ignore the variable.
bool tooLong(const LanguageRow& row, const ContainerEnv& env, const EnvEdit& edit) {
  if (row.longest == 0 || edit.value.size() <= row.longest) return false;
  const api::EnvVarView* now = env.find(edit.name);
  if (now != nullptr && now->value.size() > row.longest) return false;
  return !readsLongOptions(env);
}

// The changes to a container's variables that a language needs: all of them, or it is not injected.
struct EnvChanges {
  Reason reason = Reason::kInjected;
  bool assumed = false;  // that no Secret of envFrom holds the variables
  std::vector<EnvEdit> edits;
  std::vector<NameValue> fixed;
  std::vector<std::string_view> hidden;  // see ContainerDecision
};
EnvChanges envChanges(const PodContext& ctx, const LanguageRow& row, const ContainerEnv& env,
                      bool own_temp) {
  Attachment wanted;
  if (row.attach != nullptr) {
    wanted = row.attach({ctx.reading.pod, env});
  } else {
    wanted.variables.push_back(row.variable);
  }
  EnvChanges out;
  out.reason = wanted.reason;
  out.fixed = std::move(wanted.fixed);
  for (const MergeVariable& variable : wanted.variables) {
    std::vector<std::string_view> additions;
    if (own_temp) additions.push_back(kTempOption);
    additions.insert(additions.end(), row.options.begin(), row.options.end());
    additions.push_back(variable.addition);
    Merge merge = mergeVariable(env, variable, additions, ctx.policy.policy.spec.secret_env_from,
                                imageEnv(ctx.reading.pod, variable.name, env.container().name));
    if (!merge.ok()) {
      out.reason = merge.reason;
      return out;
    }
    if (merge.edit && tooLong(row, env, *merge.edit)) {
      out.reason = Reason::kOptionsTooLong;
      return out;
    }
    out.assumed = out.assumed || merge.reason == Reason::kEnvFromSecretAssumed;
    if (merge.replaces_image) out.hidden.push_back(variable.name);
    if (merge.edit) out.edits.push_back(std::move(*merge.edit));
  }
  return out;
}

void warnOf(const PodContext& ctx, const LanguageRow& row, const ContainerEnv& env,
            std::vector<Warning>& warnings) {
  const ToolRule* rule = findRule(row.language, Answer::kWarn, {ctx.reading.pod, env});
  if (rule == nullptr) return;
  warnings.push_back({strCat("profiling.dev: container \"", printable(env.container().name, 63),
                             "\": ", rule->tool)});
}

// Fills result.decision with what is injected and what is skipped. True: one of them assumes that
// no Secret holds its variable.
bool planLanguages(const PodContext& ctx, const ContainerEnv& env,
                   const std::vector<api::Language>& languages, EnvPlanner& planner,
                   ContainerResult& result, std::vector<Warning>& warnings) {
  const Temp temp = tempOf(env);
  bool assumed = false;
  for (const api::Language language : languages) {
    const LanguageRow& row = languageRow(language);
    if (const auto problem = languageProblem(ctx, row, env, temp)) {
      result.decision.skipped.push_back({language, problem->reason, problem->detail});
      continue;
    }
    if (row.scraped) {
      result.scraped = language;
      result.decision.languages.push_back(language);
      continue;
    }
    const bool own_temp = row.needs_temp && temp == Temp::kNeeded;
    EnvChanges changes = envChanges(ctx, row, env, own_temp);
    if (changes.reason != Reason::kInjected) {
      result.decision.skipped.push_back({language, changes.reason});
      continue;
    }
    if (ctx.reading.ownInitContainer(language) == nullptr) {
      if (std::string detail = ctx.fitting.reserveCopy(language); !detail.empty()) {
        result.decision.skipped.push_back({language, Reason::kNoRoom, std::move(detail)});
        continue;
      }
    }
    warnOf(ctx, row, env, warnings);
    assumed = assumed || changes.assumed;
    std::vector<std::string_view>& hidden = result.decision.hidden;
    hidden.insert(hidden.end(), changes.hidden.begin(), changes.hidden.end());
    for (EnvEdit& edit : changes.edits) result.plan.env.push_back(std::move(edit));
    for (NameValue& fixed : changes.fixed) planner.setOurs(fixed.name, std::move(fixed.value));
    if (own_temp) {
      result.needs_temp = true;
      result.plan.add_temp_mount = mountAt(env.container(), kTempMountPath) == nullptr;
    }
    result.decision.languages.push_back(language);
    result.loads_agent = true;
  }
  return assumed;
}

}  // namespace

ContainerResult planContainer(const PodContext& ctx, const ContainerReading& container,
                              std::vector<Warning>& warnings) {
  const ContainerEnv& env = container.env;
  const api::ContainerView& c = container.view();
  ContainerResult result;
  ContainerPlan& plan = result.plan;
  result.decision.container = c.name;
  plan.index = c.index;
  plan.is_init = c.is_init;
  plan.create_env = !c.has_env;
  plan.create_mounts = !c.has_mounts;
  const auto skip = [&](Reason reason) {
    result.decision.reason = reason;
    return result;
  };

  const std::string name = literal(ctx.service_name.forContainer(c.name));
  const std::string address = literal(ctx.policy.server_url);
  if (embedsSdk(container, name, address)) return skip(Reason::kEmbeddedSDK);

  EnvPlanner planner(env, plan);
  const LanguageChoice choice = chooseLanguages(ctx, container, warnings);
  const bool assumed = planLanguages(ctx, env, choice.languages, planner, result, warnings);
  if (!result.decision.injected()) {
    plan.env.clear();
    return skip(result.decision.skipped.empty() ? choice.none
                                                : result.decision.skipped.front().reason);
  }
  const std::vector<api::Language>& languages = result.decision.languages;
  result.decision.reason = assumed ? Reason::kEnvFromSecretAssumed : Reason::kInjected;
  if (!choice.certain) {
    result.decision.guess = imageHash(c.image);
    result.decision.guessed_version = imageVersionHash(c.image);
    result.decision.finds_language = choice.finds_language;
  }
  if (!result.loads_agent) return result;

  planner.setOurs(kApplicationNameEnv, name);
  planner.setOurs(kServerAddressEnv, address);
  if (!ctx.policy.tenant_id.empty()) {
    planner.setIfAbsent(kTenantEnv, literal(ctx.policy.tenant_id));
  }
  const bool colons = std::ranges::none_of(
      languages, [](api::Language l) { return languageRow(l).colon_ends_tag_name; });
  planner.setTags(ctx.tags.forContainer(c.name, colons));
  for (const api::Language language : languages) {
    if (languageRow(language).scraped) continue;
    for (NameValue& setting : languageRow(language).settings(ctx.policy, c)) {
      planner.setIfAbsent(setting.name, std::move(setting.value));
    }
  }
  plan.add_mount = mountAt(c, kMountPath) == nullptr;
  result.changed = plan.add_mount || plan.add_temp_mount || !plan.env.empty();
  return result;
}

}  // namespace profiling::inject
