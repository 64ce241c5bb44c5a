#include "operator/cli/requests.h"

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
  if (wanted == is) return {nullptr, wanted ? "is paused already" : "is not paused"};
  return {std::move(patch), word};
}

Status noRevision(const Policy& policy) {
  return refused(policy.shortName() +
                 " has no target revision yet: is the controller running, and its server there? "
                 "See 'rollout status'");
}

// The step after the one that the rollout is in; in its last one, the first of the next wave.
Result<Request> promote(const Policy& policy) {
  const auto& rollout = policy.status.rollout;
  if (!rollout || rollout->steps == 0) {
    return refused(policy.shortName() +
                   " has no rollout in steps (spec.rollout.workloads.steps): 'promote --full' "
                   "brings everything at once");
  }
  std::int64_t wave = rollout->wave;
  std::int64_t step = rollout->step + 1;
  if (step > rollout->steps) {
    if (wave + 1 >= rollout->waves) {
      return refused(policy.shortName() + " is in its last step (" + std::to_string(rollout->step) +
                     "/" + std::to_string(rollout->steps) +
                     "): there is none to promote to; 'promote --full' ends its gates");
    }
    ++wave;
    step = 1;
  }
  const std::string& target = policy.target();
  std::string done = "promoted to step " + std::to_string(step) + "/" +
                     std::to_string(rollout->steps) + " of revision " + target;
  if (rollout->waves > 1) {
    done += " in wave " + std::to_string(wave + 1) + "/" + std::to_string(rollout->waves);
  }
  const std::string value = target + "/" + std::to_string(wave) + "/" + std::to_string(step);
  return Request{annotate(api::kPromoteKey, value), std::move(done)};
}

Result<Request> abort(const Policy& policy) {
  const std::string& target = policy.target();
  if (annotation(policy.metadata, api::kAbortKey) == target) {
    return Request{nullptr, "is aborted already, revision " + target};
  }
  if (policy.status.stable_revision == target) {
    return refused(policy.shortName() + " has nothing to abort: revision " + target +
                   " is rolled out everywhere. To take the agents away, set spec.mode to Observe "
                   "or delete the policy");
  }
  return Request{annotate(api::kAbortKey, target), "aborted, revision " + target};
}

Request retry(std::chrono::system_clock::time_point now) {
  const std::string time = formatRfc3339(now);
  Json patch = annotate(api::kRetryKey, time);
  patch["metadata"]["annotations"][std::string(api::kAbortKey)] = nullptr;
  return {std::move(patch), "retried: failures until " + time + " are forgiven"};
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
                     "refreshes its agents: the images of today make a new revision"};
    case Verb::kSkip:
    case Verb::kUnskip:
    case Verb::kApprove:
      break;
  }
  return refused(policy.shortName() +
                 " is a policy: skip, unskip and approve are for a workload, such as "
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
      if (spec.skip) return Request{nullptr, "is skipped already"};
      return Request{set("skip", true), "skipped"};
    case Verb::kUnskip:
      if (!spec.skip) return Request{nullptr, "is not skipped"};
      return Request{set("skip", false), "not skipped any more"};
    case Verb::kApprove: {
      const auto& rollout = workload.status.rollout;
      const std::string target = rollout ? rollout->target_revision : std::string();
      if (target.empty()) {
        return refused(shortName(workload) + " has no revision to approve: no rollout moves it");
      }
      if (spec.approve == target)
        return Request{nullptr, "has approval already, revision " + target};
      return Request{set("approve", target), "approved, revision " + target};
    }
    default:
      return refused(shortName(workload) +
                     " is a workload: promote, abort, retry and refresh-agents are for a policy");
  }
}

}  // namespace profiling::cli
