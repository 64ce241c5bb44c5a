#include "controllers/workload/decide.h"

#include <algorithm>

#include "controllers/specs/metadata.h"
#include "operator/api/v1alpha1/phases.h"
#include "operator/base/str_cat.h"

namespace profiling::controllers {
namespace {

using api::ProfiledReason;
using api::WorkloadPhase;

struct Verdict {
  WorkloadPhase phase;
  std::string status;  // of the condition
  std::string reason;
  std::string message;
};

std::string nameOf(ProfiledReason reason) {
  return std::string(api::kProfiledReasons.name(reason));
}

std::string nameOf(inject::Reason reason) {
  return std::string(inject::reasonName(reason));
}

std::string pods(std::int64_t count) {
  return strCat(count, count == 1 ? " pod" : " pods");
}

Verdict skippedVerdict(const WorkloadEvaluation& e) {
  const std::vector<api::SkippedReason> top = topReasons(e.skipped);
  const auto reason = inject::reasonOf(top.front().reason).value_or(inject::Reason::kInternalError);
  return {WorkloadPhase::kSkipped, "False", top.front().reason,
          pods(e.pods.skipped) + " not profiled. " + std::string(inject::remedyText(reason))};
}

Verdict verdictOf(const WorkloadEvaluation& e) {
  const api::WorkloadPods& p = e.pods;
  const PolicyShare* main = e.main();
  if (p.total == 0)
    return {WorkloadPhase::kIdle, "Unknown", nameOf(ProfiledReason::kNoPods),
            "the workload has no pods"};
  if (main == nullptr) {
    return {
        WorkloadPhase::kUnmatched, "False", nameOf(inject::Reason::kNoPolicy),
        strCat(pods(p.profiled), " still with an agent until their next start: no policy matches")};
  }
  if (main->policy->policy.spec.mode == api::PolicyMode::kObserve) {
    return {WorkloadPhase::kObserved, "False", nameOf(ProfiledReason::kObserved),
            strCat("the policy only observes: ", pods(p.missed), " would get an agent, ", p.skipped,
                   " would not")};
  }
  if (p.profiled == 0 && p.missed == 0 && p.waiting > 0) {
    return {WorkloadPhase::kWaiting, "False", nameOf(inject::Reason::kAwaitingRollout),
            strCat(pods(p.waiting),
                   " without an agent until their turn in the rollout; see status.rollout")};
  }
  if (p.profiled == 0 && p.missed == 0) return skippedVerdict(e);
  const WorkloadPhase phase = p.profiled == 0 ? WorkloadPhase::kMissed : WorkloadPhase::kPartial;
  if (p.missed > 0) {
    return {phase, "False", nameOf(ProfiledReason::kPodsMissed),
            strCat(pods(p.missed), " of ", p.total,
                   " without an agent: started before the policy or while the webhook was "
                   "unavailable; profiled from their next start")};
  }
  if (p.waiting > 0) {
    return {phase, "False", nameOf(ProfiledReason::kPodsWaiting),
            strCat(pods(p.waiting), " of ", p.total,
                   " without an agent until their turn in the rollout; see status.rollout")};
  }
  if (p.outdated > 0) {
    return {WorkloadPhase::kPartial, "False", nameOf(ProfiledReason::kPodsOutdated),
            strCat(pods(p.outdated), " of ", p.total, " with another revision than ",
                   main->policy->revision, "; they get it at their next start")};
  }
  if (p.skipped > 0) {
    Verdict verdict = skippedVerdict(e);
    verdict.phase = WorkloadPhase::kPartial;
    return verdict;
  }
  return {WorkloadPhase::kProfiled, "True", nameOf(ProfiledReason::kAllProfiled),
          pods(p.profiled) + " profiled"};
}

nlohmann::json ownersOf(const api::WorkloadRef& workload) {
  return nlohmann::json::array({{{"apiVersion", workload.api_version},
                                 {"kind", workload.kind},
                                 {"name", workload.name},
                                 {"uid", workload.uid},
                                 {"controller", true},
                                 {"blockOwnerDeletion", false}}});
}

}  // namespace

bool wantsRecord(const WorkloadEvaluation& e) {
  return e.main() != nullptr || e.pods.profiled > 0;
}

nlohmann::json recordObject(const WorkloadInput& input) {
  return {{"apiVersion", api::kApiVersion},
          {"kind", api::WorkloadProfile::kKind},
          {"metadata",
           {{"name", api::workloadProfileName(input.workload.kind, input.workload.name)},
            {"namespace", input.namespace_},
            {"labels", {{std::string(specs::kManagedByLabel), std::string(specs::kManager)}}},
            {"annotations", {{std::string(api::kGroupKey), input.group}}},
            {"ownerReferences", ownersOf(input.workload)}}}};
}

bool hasMetadata(const api::WorkloadProfile& record, const WorkloadInput& input) {
  const auto is = [](const std::map<std::string, std::string>& map, std::string_view key,
                     std::string_view value) {
    const auto it = map.find(std::string(key));
    return it != map.end() && it->second == value;
  };
  return record.owner_uid == input.workload.uid &&
         is(record.metadata.labels, specs::kManagedByLabel, specs::kManager) &&
         is(record.metadata.annotations, api::kGroupKey, input.group);
}

std::vector<Event> leftAloneEvents(const api::WorkloadProfile& record,
                                   const api::WorkloadProfileStatus& before,
                                   const api::WorkloadProfileStatus& after) {
  std::vector<Event> events;
  for (const api::SkippedReason& skipped : after.skipped_reasons) {
    const auto reason = inject::reasonOf(skipped.reason);
    if (!reason || !inject::isBreaker(*reason)) continue;
    const auto same = [&](const api::SkippedReason& s) { return s.reason == skipped.reason; };
    if (std::ranges::any_of(before.skipped_reasons, same)) continue;
    const api::WorkloadRef& ref = after.workload_ref;
    events.push_back({{ref.api_version, ref.kind, record.metadata.namespace_, ref.name, ref.uid},
                      true,
                      skipped.reason,
                      "Inject",
                      strCat("profiling: ", pods(skipped.pods), " started without an agent. ",
                             inject::remedyText(*reason))});
  }
  return events;
}

std::vector<api::SkippedReason> topReasons(const std::map<inject::Reason, std::int64_t>& skipped) {
  std::vector<api::SkippedReason> out;
  out.reserve(skipped.size());
  for (const auto& [reason, count] : skipped) {
    out.push_back({std::string(inject::reasonName(reason)), count});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.pods > b.pods; });
  if (out.size() > api::kMaxSkippedReasons) out.resize(api::kMaxSkippedReasons);
  return out;
}

api::WorkloadProfileStatus decideStatus(const WorkloadInput& input) {
  const WorkloadEvaluation& e = input.evaluation;
  api::WorkloadProfileStatus status =
      input.record == nullptr ? api::WorkloadProfileStatus{} : input.record->status;
  status.observed_generation = input.record == nullptr ? 1 : input.record->metadata.generation;
  status.workload_ref = input.workload;
  if (const PolicyShare* main = e.main()) {
    const api::EffectivePolicy& policy = *main->policy;
    status.policy_ref = {std::string(api::policyKind(policy)), policy.policy.metadata.name};
    status.mode = policy.policy.spec.mode == api::PolicyMode::kObserve ? "Observe" : "Enforce";
    status.target_revision = policy.revision;
  } else if (e.pods.total > 0) {
    status.policy_ref.reset();
    status.mode.clear();
    status.target_revision.clear();
  }
  status.pods = e.pods;
  status.languages = e.languages;
  status.skipped_reasons = topReasons(e.skipped);
  status.preflight = input.preflight;
  status.owner_uids = input.owner_uids;
  const Verdict verdict = verdictOf(e);
  status.phase = api::kWorkloadPhases.name(verdict.phase);
  api::setCondition(
      status.conditions,
      {"Profiled", verdict.status, verdict.reason, verdict.message, "", status.observed_generation},
      input.now);
  return status;
}

}  // namespace profiling::controllers
