#include <algorithm>
#include <iterator>
#include <utility>

#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/inject/container_plan.h"
#include "operator/inject/decision_json.h"
#include "operator/inject/image_env.h"
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

// The agents of the pod's revision, else those of the administrator.
const api::AgentImages& agentsOf(const Assigned& assigned, const Settings& settings) {
  if (assigned.policy == nullptr) return settings.agents;
  const api::AgentImages& own = assigned.policy->agents;
  const bool any =
      std::ranges::any_of(own, [](const api::AgentImage& agent) { return !agent.image.empty(); });
  return any ? own : settings.agents;
}

// A rollout that replaces pods has to distinguish a pod that the webhook left alone from one that the
// webhook was never asked about.
bool isAwaited(const Decision& decision, Reason reason) {
  const auto& rollout =
      decision.chosen == nullptr ? std::nullopt : decision.chosen->policy.spec.rollout;
  // The owner's users learn from an event on it that its pods start without agents for a while.
  if (isBreaker(reason)) return true;
  return rollout && rollout->restart.mode == api::RestartMode::kManaged &&
         reason != Reason::kAwaitingRollout && reason != Reason::kNotOptedIn;
}

// Only a pod that asked for profiling itself learns of a refusal, by annotation and warning, and by
// annotation one that a rollout waits for. Every other pod stays as it is, to the byte.
void refuse(InjectionPlan& plan, const Decision& decision, const api::PodView& pod,
            const api::AgentImages& agents, Reason reason, std::string_view detail) {
  plan.reason = reason;
  plan.empty = true;
  if (decision.opted_in) {
    plan.warnings.push_back({strCat("profiling.dev: the pod is not profiled: ", reasonName(reason),
                                    ". ", detail, detail.empty() ? "" : ". ", remedyText(reason))});
  } else if (!isAwaited(decision, reason)) {
    return;
  }
  if (staysUntouched(reason)) return;
  std::string json = decisionJson(decision, reason, nullptr, plan.decisions, agents);
  if (pod.annotation(api::kDecisionKey) == json) return;
  plan.decision_json = std::move(json);
  plan.empty = false;
}

void planInitContainers(InjectionPlan& plan, const PodReading& reading,
                        const api::AgentImages& agents, const api::ContainerView& pattern,
                        Fitting& fitting) {
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    const auto language = static_cast<api::Language>(i);
    if (languageRow(language).scraped) continue;
    const bool used = std::ranges::any_of(plan.decisions, [&](const ContainerDecision& d) {
      return std::ranges::find(d.languages, language) != d.languages.end();
    });
    if (!used || reading.ownInitContainer(language) != nullptr) continue;
    InitContainerPlan& init = plan.init_containers.emplace_back();
    init.language = language;
    init.image = agents[i].image;
    init.resources = AddedResources::copyOf(pattern.resources);
    if (plan.init_containers.size() == 1) fitting.addReserved(init.resources);
    init.force_non_root_user = reading.pod.security.run_as_user == 0;
  }
  // At the front: copying needs neither the network nor the other containers, and an init container
  // that is a target, now or once another webhook made it one, must find the files. The order of
  // the others, native sidecars included, stays as it is.
  plan.init_position = 0;
}

std::string safeToEvict(const api::PodView& pod, bool temp) {
  const std::string_view before = pod.annotation(kSafeToEvictKey).value_or("");
  std::string after(before);
  for (const std::string_view name : {kVolumeName, kTempVolumeName}) {
    if (name == kTempVolumeName && !temp) continue;
    const std::vector<std::string_view> listed = split(before, ',');
    const auto same = [&](std::string_view item) { return trim(item) == name; };
    if (std::ranges::any_of(listed, same)) continue;
    if (!after.empty()) after += ',';
    after += name;
  }
  return after == before ? std::string() : after;
}

// Plans each target and says which container's resources ours copy; null where no agent is copied.
const api::ContainerView* planTargets(InjectionPlan& plan, const PodContext& ctx,
                                      const Targets& targets, const api::AgentImages& agents,
                                      bool& temp) {
  const api::ContainerView* pattern = nullptr;
  for (const ContainerReading* target : targets.containers) {
    ContainerResult result = planContainer(ctx, *target, plan.warnings);
    if (result.loads_agent && pattern == nullptr) pattern = &target->view();
    temp = temp || result.needs_temp;
    if (result.scraped) {
      const auto i = static_cast<std::size_t>(*result.scraped);
      planPprof(plan, ctx, target->view(), *result.scraped, agents[i].image);
    }
    if (result.changed) plan.containers.push_back(std::move(result.plan));
    plan.decisions.push_back(std::move(result.decision));
  }
  for (const std::string_view name : targets.unknown) {
    plan.decisions.push_back({name, {}, Reason::kUnknownContainer, {}});
    plan.warnings.push_back(
        {strCat(api::kContainersKey, ": the pod has no container \"", printable(name, 63), '"')});
  }
  return pattern;
}

bool changesNothing(const InjectionPlan& plan) {
  return plan.containers.empty() && plan.init_containers.empty() && !plan.sidecar &&
         plan.annotations.empty() && !plan.add_volume && !plan.add_temp_volume &&
         plan.safe_to_evict_volumes.empty() && plan.revision.empty() && plan.decision_json.empty();
}

void addPullSecrets(InjectionPlan& plan, const api::PodView& pod, const Settings& settings) {
  if (plan.init_containers.empty() && !plan.sidecar) return;
  std::ranges::copy_if(settings.pull_secrets, std::back_inserter(plan.pull_secrets),
                       [&](std::string_view name) {
                         return std::ranges::find(pod.pull_secrets, name) == pod.pull_secrets.end();
                       });
}

InjectionPlan planEnforced(const Decision& decision, const Assigned& assigned,
                           const PodReading& reading, const Settings& settings,
                           const Surroundings& around) {
  const api::PodView& pod = reading.pod;
  const api::AgentImages& agents = agentsOf(assigned, settings);
  InjectionPlan plan;
  plan.warnings = decision.warnings;
  const auto refused = [&](Reason reason, std::string_view detail = {}) {
    refuse(plan, decision, pod, agents, reason, detail);
    return plan;
  };
  if (assigned.policy == nullptr) return refused(assigned.reason);
  if (const auto problem = podProblem(pod)) return refused(*problem);

  const ContainerSelection selection =
      parseContainers(pod.annotation(api::kContainersKey), plan.warnings);
  checkLibc(pod, plan.warnings);
  checkImageEnv(pod, plan.warnings);
  const Targets targets = selectTargets(reading, selection, settings);
  const ServiceName service_name(pod, reading.workload, *assigned.policy);
  const Tags tags(pod, reading.workload, *assigned.policy, plan.warnings);
  Fitting fitting(pod, around.room);
  const PodContext context{reading,
                           decision,
                           *assigned.policy,
                           settings,
                           service_name,
                           tags,
                           languageProblems(reading, settings, agents, around.nodes.get()),
                           findPprof(reading, targets.containers, decision, plan.warnings),
                           fitting,
                           assigned.finds_language};

  bool temp = false;
  const api::ContainerView* pattern = planTargets(plan, context, targets, agents, temp);
  const auto first = std::ranges::find_if(plan.decisions, &ContainerDecision::injected);
  if (first == plan.decisions.end()) {
    plan.containers.clear();
    if (plan.decisions.empty()) return refused(Reason::kNoTargetContainer);
    const ContainerDecision& why = plan.decisions.front();
    return refused(why.reason, why.skipped.empty() ? "" : why.skipped.front().detail);
  }
  plan.reason = first->reason;
  if (pattern != nullptr) {
    planInitContainers(plan, reading, agents, *pattern, fitting);
    plan.add_volume = findVolume(pod, kVolumeName) == nullptr;
    plan.add_temp_volume = temp && findVolume(pod, kTempVolumeName) == nullptr;
    plan.safe_to_evict_volumes = safeToEvict(pod, temp);
  }
  addPullSecrets(plan, pod, settings);
  const std::string& revision = assigned.policy->revision;
  std::string json = decisionJson(decision, plan.reason, &assigned, plan.decisions, agents);
  if (pod.label(api::kProfiledKey) != revision) plan.revision = revision;
  if (pod.annotation(api::kDecisionKey) != json) plan.decision_json = std::move(json);
  plan.empty = changesNothing(plan);
  if (plan.empty) plan.reason = Reason::kAlreadyInjected;
  return plan;
}

}  // namespace

InjectionPlan planInjection(const Decision& decision, const Assigned& assigned,
                            const PodReading& reading, const Settings& settings,
                            const Surroundings& around) {
  InjectionPlan plan = planEnforced(decision, assigned, reading, settings, around);
  if (reading.sidecar && reading.sidecar->damaged) {
    plan.repaired_sidecar = reading.sidecar->container->index;
    if (plan.reason == Reason::kAlreadyInjected) plan.reason = Reason::kInjected;
    plan.empty = false;
  }
  if (decision.mode() != api::PolicyMode::kObserve) return plan;
  InjectionPlan observed;
  observed.reason = plan.reason;
  observed.decisions = std::move(plan.decisions);
  return observed;
}

}  // namespace profiling::inject
