#include "operator/cli/requests.h"

#include "operator/base/str_cat.h"
#include "operator/base/time_text.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

Status refused(const std::string& what) {
  return {Code::kInvalidArgument, what};
}

std::string annotation(const api::ObjectMeta& metadata, std::string_view key) {
  const auto found = metadata.annotations.find(std::string(key));
  return found == metadata.annotations.end() ? std::string() : found->second;
}

Json annotate(std::string_view key, const Json& value) {
  return {{"metadata", {{"annotations", {{std::string(key), value}}}}}};
}

Request pause(bool wanted, bool is, Json patch) {
  const std::string word = wanted ? "paused" : "resumed";
  if (wanted == is) return {nullptr, wanted ? "is already paused" : "is not paused"};
  return {std::move(patch), word};
}

Status noRevision(const Policy& policy) {
  return refused(policy.shortName() +
                 " has no target revision yet: check that the controller runs and that the "
                 "policy's server exists ('rollout status')");
}

// The step after the current one; after the last step, the first of the next wave.
Result<Request> promote(const Policy& policy) {
  const auto& rollout = policy.status.rollout;
  if (!rollout || rollout->steps == 0) {
    return refused(policy.shortName() +
                   " has no stepped rollout (spec.rollout.workloads.steps): 'promote --full' "
                   "promotes everything at once");
  }
  std::int64_t wave = rollout->wave;
  std::int64_t step = rollout->step + 1;
  if (step > rollout->steps) {
    if (wave + 1 >= rollout->waves) {
      return refused(policy.shortName() + " is in its last step (" +
                     strCat(rollout->step, "/", rollout->steps) +
                     "): no step is left to promote to; 'promote --full' skips its gates");
    }
    ++wave;
    step = 1;
  }
  const std::string& target = policy.target();
  std::string done =
      strCat("promoted to step ", step, "/", rollout->steps, " of revision ", target);
  if (rollout->waves > 1) strAppend(done, " in wave ", wave + 1, "/", rollout->waves);
  return Request{annotate(api::kPromoteKey, strCat(target, "/", wave, "/", step)), std::move(done)};
}

Result<Request> abort(const Policy& policy) {
  const std::string& target = policy.target();
  if (annotation(policy.metadata, api::kAbortKey) == target) {
    return Request{nullptr, "is already aborted, revision " + target};
  }
  if (policy.status.stable_revision == target) {
    return refused(policy.shortName() + " has nothing to abort: revision " + target +
                   " is rolled out everywhere. To remove the agents, set spec.mode to Observe "
                   "or delete the policy");
  }
  return Request{annotate(api::kAbortKey, target), "aborted, revision " + target};
}

Request retry(std::chrono::system_clock::time_point now) {
  const std::string time = formatRfc3339(now);
  Json patch = annotate(api::kRetryKey, time);
  patch["metadata"]["annotations"][std::string(api::kAbortKey)] = nullptr;
  return {std::move(patch), "retried: failures before " + time + " no longer count"};
}

}  // namespace

Result<Request> requestOf(Verb verb, const Policy& policy,
                          std::chrono::system_clock::time_point now) {
  const bool needs_target =
      verb == Verb::kPromote || verb == Verb::kPromoteFull || verb == Verb::kAbort;
  if (needs_target && policy.target().empty()) return noRevision(policy);
  switch (verb) {
    case Verb::kPause:
    case Verb::kResume: {
      const bool wanted = verb == Verb::kPause;
      return pause(wanted, policy.paused(), {{"spec", {{"rollout", {{"paused", wanted}}}}}});
    }
    case Verb::kPromote:
      return promote(policy);
    case Verb::kPromoteFull:
      return Request{annotate(api::kPromoteKey, policy.target()),
                     "promoted fully, revision " + policy.target()};
    case Verb::kAbort:
      return abort(policy);
    case Verb::kRetry:
      return retry(now);
    case Verb::kRefreshAgents:
      return Request{annotate(api::kRefreshAgentsKey, formatRfc3339(now)),
                     "refreshed: the current agent images make a new revision"};
    case Verb::kSkip:
    case Verb::kUnskip:
    case Verb::kApprove:
      break;
  }
  return refused(policy.shortName() +
                 " is a policy: skip, unskip and approve apply to workloads, such as "
                 "'deployment/web'");
}

Result<Request> requestOf(Verb verb, const api::WorkloadProfile& workload) {
  const api::WorkloadProfileSpec& spec = workload.spec;
  const auto set = [](const char* field, const Json& value) {
    return Json{{"spec", {{field, value}}}};
  };
  switch (verb) {
    case Verb::kPause:
    case Verb::kResume: {
      const bool wanted = verb == Verb::kPause;
      return pause(wanted, spec.paused, set("paused", wanted));
    }
    case Verb::kSkip:
      if (spec.skip) return Request{nullptr, "is already skipped"};
      return Request{set("skip", true), "skipped"};
    case Verb::kUnskip:
      if (!spec.skip) return Request{nullptr, "is not skipped"};
      return Request{set("skip", false), "no longer skipped"};
    case Verb::kApprove: {
      const auto& rollout = workload.status.rollout;
      const std::string target = rollout ? rollout->target_revision : std::string();
      if (target.empty()) {
        return refused(shortName(workload) +
                       " has no revision to approve: it takes part in no rollout");
      }
      if (spec.approve == target)
        return Request{nullptr, "is already approved, revision " + target};
      return Request{set("approve", target), "approved, revision " + target};
    }
    default:
      return refused(shortName(workload) +
                     " is a workload: promote, abort, retry and refresh-agents apply to policies");
  }
}

}  // namespace profiling::cli
