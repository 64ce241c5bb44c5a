#include "operator/inject/pprof/pprof.h"

#include <algorithm>
#include <array>

#include "operator/base/str_cat.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

constexpr std::array<std::string_view, 6> kAlloyTypes{"cpu",   "memory", "goroutine",
                                                      "block", "mutex",  "fgprof"};

std::string alloyKey(std::string_view type, std::string_view field) {
  return strCat("profiles.grafana.com/", type, '.', field);
}

std::string wantedProfiles(const api::PolicyProfiles& p) {
  std::string out = "cpu";
  if (p.allocations) out += ",allocations";
  if (p.in_use_memory) out += ",inUseMemory";
  if (p.goroutines.value_or(false)) out += ",goroutines";
  if (p.locks) out += ",locks";
  return out;
}

std::vector<std::string_view> alloyTypes(const api::PolicyProfiles& p) {
  std::vector<std::string_view> out{"cpu"};
  if (p.allocations || p.in_use_memory) out.emplace_back("memory");
  if (p.goroutines.value_or(false)) out.emplace_back("goroutine");
  if (p.locks) out.insert(out.end(), {"block", "mutex"});
  return out;
}

SidecarPlan sidecarOf(const PodContext& ctx, const api::ContainerView& target,
                      api::Language language, const std::string& image) {
  const api::ProfilingPolicySpec& spec = ctx.policy.policy.spec;
  SidecarPlan out;
  out.language = language;
  out.image = image;
  out.native = ctx.settings.native_sidecars;
  out.resources = ctx.fitting.sidecar(target).resources;
  out.force_non_root_user = ctx.reading.pod.security.run_as_user == 0;
  const auto set = [&](std::string_view name, std::string value, std::string_view field = {}) {
    out.env.push_back(
        {EnvEdit::Kind::kAppend, std::string(name), std::move(value), std::string(field), 0});
  };
  set(kPodNameEnv, {}, "metadata.name");
  set(kNodeNameEnv, {}, "spec.nodeName");
  set(kApplicationNameEnv, literal(ctx.service_name.forContainer(target.name)));
  set(kServerAddressEnv, literal(ctx.policy.server_url));
  if (!ctx.policy.tenant_id.empty()) set(kTenantEnv, literal(ctx.policy.tenant_id));
  set(kLabelsEnv, ctx.tags.forContainer(target.name));
  set("PYROSCOPE_UPLOAD_INTERVAL", spec.sampling.upload_interval);
  set(kPprofPortEnv, std::to_string(ctx.pprof->port));
  if (!ctx.pprof->path_prefix.empty()) {
    set(kPprofPathPrefixEnv, std::string(ctx.pprof->path_prefix));
  }
  set("PROFILING_PPROF_PROFILES", wantedProfiles(spec.profiles));
  return out;
}

bool usesAlloy(const PodContext& ctx) {
  const auto& rule = ctx.policy.policy.spec.pprof;
  return rule && rule->collector == api::PprofCollector::kAlloy;
}

void planAlloy(InjectionPlan& plan, const PodContext& ctx, const api::ContainerView& target) {
  const auto set = [&](std::string key, std::string value) {
    if (!ctx.reading.pod.annotation(key))
      plan.annotations.emplace_back(std::move(key), std::move(value));
  };
  for (const std::string_view type : alloyTypes(ctx.policy.policy.spec.profiles)) {
    set(alloyKey(type, "scrape"), "true");
    set(alloyKey(type, "port"), std::to_string(ctx.pprof->port));
    if (ctx.pprof->path_prefix.empty()) continue;
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kPaths{
        {{"cpu", "profile"},
         {"memory", "allocs"},
         {"goroutine", "goroutine"},
         {"block", "block"},
         {"mutex", "mutex"}}};
    const auto* const path =
        std::ranges::find_if(kPaths, [&](const auto& p) { return p.first == type; });
    std::string_view prefix = ctx.pprof->path_prefix;
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    set(alloyKey(type, "path"), strCat(prefix, "/debug/pprof/", path->second));
  }
  set("profiles.grafana.com/service_name", ctx.service_name.forContainer(target.name));
}

}  // namespace

std::optional<Refusal> pprofProblem(const PodContext& ctx, const api::ContainerView& container,
                                    Reason pod_wide) {
  if (!ctx.pprof || ctx.pprof->container != container.name) return Refusal{Reason::kNoPprofPort};
  if (usesAlloy(ctx)) return std::nullopt;
  if (ctx.reading.sidecar) return std::nullopt;
  if (pod_wide != Reason::kInjected) return Refusal{pod_wide};
  const bool scraped = std::ranges::any_of(kAlloyTypes, [&](std::string_view type) {
    return ctx.reading.pod.annotation(alloyKey(type, "scrape")) == "true";
  });
  if (scraped) return Refusal{Reason::kScrapedElsewhere};
  const bool ends =
      !ctx.reading.pod.restart_policy.empty() && ctx.reading.pod.restart_policy != "Always";
  if (ends && !ctx.settings.native_sidecars) return Refusal{Reason::kNoNativeSidecar};
  const std::string& problem = ctx.fitting.sidecar(container).problem;
  if (!problem.empty()) return Refusal{Reason::kNoRoom, problem};
  return std::nullopt;
}

void planPprof(InjectionPlan& plan, const PodContext& ctx, const api::ContainerView& target,
               api::Language language, const std::string& image) {
  if (usesAlloy(ctx)) {
    planAlloy(plan, ctx, target);
  } else if (!ctx.reading.sidecar) {
    plan.sidecar = sidecarOf(ctx, target, language, image);
  }
}

}  // namespace profiling::inject
