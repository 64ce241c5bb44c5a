#include <algorithm>
#include <utility>

#include "operator/base/text.h"
#include "operator/inject/container_plan.h"
#include "operator/inject/decision_json.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/languages/libc.h"
#include "operator/inject/names.h"
#include "operator/inject/pod_checks.h"
#include "operator/inject/pprof/pprof.h"
#include "operator/inject/targets.h"

namespace profiling::inject {
namespace {

// Reasons that hold for whole classes of pods, or that forbid any change: never annotated.
bool staysUntouched(Reason reason) {
  switch (reason) {
    case Reason::kNamespaceExcluded:
    case Reason::kCriticalPod:
    case Reason::kStaticPod:
    case Reason::kPodTooLarge:
    case Reason::kMalformedPod:
      return true;
    default:
      return false;
  }
}

// A refusal. Only a pod that asked for profiling itself learns of it, by annotation and warning;
// every other pod stays as it is, to the byte.
// The policy's own, as its revision has them.
const api::AgentImages& agentsOf(const Decision& decision, const Settings& settings) {
  if (decision.policy == nullptr) return settings.agents;
  const auto& own = decision.policy->agents;
  const bool any = std::any_of(own.begin(), own.end(),
                               [](const api::AgentImage& agent) { return !agent.image.empty(); });
  return any ? own : settings.agents;
}

void refuse(InjectionPlan& plan, const Decision& decision, const api::PodView& pod,
            const Settings& settings, Reason reason) {
  plan.reason = reason;
  plan.empty = true;
  if (!decision.opted_in) return;
  plan.warnings.push_back(
      {"profiling.dev: the pod is not profiled: " + std::string(reasonName(reason)) + ". " +
       std::string(remedyText(reason))});
  if (staysUntouched(reason)) return;
  std::string json =
      decisionJson(decision, reason, "", plan.decisions, agentsOf(decision, settings));
  if (pod.annotation(api::kDecisionKey) == json) return;
  plan.decision_json = std::move(json);
  plan.empty = false;
}

void planInitContainers(InjectionPlan& plan, const api::PodView& pod,
                        const api::AgentImages& agents, const api::ContainerView& pattern) {
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    const auto language = static_cast<api::Language>(i);
    if (languageRow(language).scraped) continue;
    const bool used =
        std::any_of(plan.decisions.begin(), plan.decisions.end(), [&](const ContainerDecision& d) {
          return std::find(d.languages.begin(), d.languages.end(), language) != d.languages.end();
        });
    if (!used || ownInitContainer(pod, language) != nullptr) continue;
    InitContainerPlan& init = plan.init_containers.emplace_back();
    init.language = language;
    init.image = agents[i].image;
    init.resources = pattern.resources;
    init.force_non_root_user = pod.security.run_as_user == 0;
  }
  // At the front: copying needs no network and nothing of the others, an init container that is a
  // target itself must find the files, and one that another webhook makes a target later does so,
  // too. The order of the others, native sidecars included, stays as it is.
  plan.init_position = 0;
}

std::string safeToEvict(const api::PodView& pod, bool temp) {
  const std::string_view before = pod.annotation(kSafeToEvictKey).value_or("");
  std::string after(before);
  for (const std::string_view name : {kVolumeName, kTempVolumeName}) {
    if (name == kTempVolumeName && !temp) continue;
    const std::vector<std::string_view> listed = split(before, ',');
    const auto same = [&](std::string_view item) { return trim(item) == name; };
    if (std::any_of(listed.begin(), listed.end(), same)) continue;
    if (!after.empty()) after += ',';
    after += name;
  }
  return after == before ? std::string() : after;
}

InjectionPlan planEnforced(const Decision& decision, const api::PodView& pod,
                           const Settings& settings) {
  InjectionPlan plan;
  plan.warnings = decision.warnings;
  const auto refused = [&](Reason reason) {
    refuse(plan, decision, pod, settings, reason);
    return plan;
  };
  if (decision.policy == nullptr) return refused(decision.reason);
  if (const auto problem = podProblem(pod)) return refused(*problem);

  const api::AgentImages& agents = agentsOf(decision, settings);
  const ContainerSelection selection =
      parseContainers(pod.annotation(api::kContainersKey), plan.warnings);
  checkLibc(pod, plan.warnings);
  const Targets targets = selectTargets(pod, selection, settings);
  const Workload workload = workloadOf(pod);
  const Tags tags(pod, workload, *decision.policy, plan.warnings);
  const PodContext context{pod,
                           decision,
                           settings,
                           workload,
                           tags,
                           languageProblems(pod, settings, agents),
                           findPprof(pod, targets, decision, plan.warnings)};

  const api::ContainerView* pattern = nullptr;
  bool temp = false, any = false;
  for (const api::ContainerView* target : targets.containers) {
    ContainerResult result = planContainer(context, *target, plan.warnings);
    if (result.loads_agent && pattern == nullptr) pattern = target;
    any = any || result.decision.injected();
    temp = temp || result.needs_temp;
    if (result.scraped) {
      const auto i = static_cast<std::size_t>(*result.scraped);
      planPprof(plan, context, *target, *result.scraped, agents[i].image);
    }
    if (result.changed) plan.containers.push_back(std::move(result.plan));
    plan.decisions.push_back(std::move(result.decision));
  }
  for (const std::string_view name : targets.unknown) {
    plan.decisions.push_back({name, {}, Reason::kUnknownContainer, {}});
    plan.warnings.push_back({std::string(api::kContainersKey) + ": the pod has no container \"" +
                             printable(name, 63) + "\""});
  }
  if (!any) {
    plan.containers.clear();
    return refused(plan.decisions.empty() ? Reason::kNoTargetContainer
                                          : plan.decisions.front().reason);
  }

  const auto injected = [](const ContainerDecision& d) { return d.injected(); };
  plan.reason = std::find_if(plan.decisions.begin(), plan.decisions.end(), injected)->reason;
  if (pattern != nullptr) {
    planInitContainers(plan, pod, agents, *pattern);
    plan.add_volume = findVolume(pod, kVolumeName) == nullptr;
    plan.add_temp_volume = temp && findVolume(pod, kTempVolumeName) == nullptr;
    plan.safe_to_evict_volumes = safeToEvict(pod, temp);
  }
  const std::string& revision = decision.policy->revision;
  std::string json = decisionJson(decision, plan.reason, revision, plan.decisions, agents);
  if (pod.label(api::kProfiledKey) != revision) plan.revision = revision;
  if (pod.annotation(api::kDecisionKey) != json) plan.decision_json = std::move(json);
  plan.empty = plan.containers.empty() && plan.init_containers.empty() && !plan.sidecar &&
               plan.annotations.empty() && !plan.add_volume && !plan.add_temp_volume &&
               plan.safe_to_evict_volumes.empty() && plan.revision.empty() &&
               plan.decision_json.empty();
  if (plan.empty) plan.reason = Reason::kAlreadyInjected;
  return plan;
}

}  // namespace

InjectionPlan planInjection(const Decision& decision, const api::PodView& pod,
                            const Settings& settings) {
  InjectionPlan plan = planEnforced(decision, pod, settings);
  if (decision.mode != api::PolicyMode::kObserve) return plan;
  InjectionPlan observed;
  observed.reason = plan.reason;
  observed.decisions = std::move(plan.decisions);
  return observed;
}

}  // namespace profiling::inject
