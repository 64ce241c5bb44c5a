#include "controllers/policy/decide.h"

#include <optional>
#include <utility>

#include "controllers/policy/conditions.h"
#include "operator/api/v1alpha1/phases.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"

namespace profiling::controllers {
namespace {

using Reason = PolicyCondition;

std::string nameOf(PolicyCondition reason) {
  return std::string(kPolicyConditions.name(reason));
}
std::string nameOf(api::PolicyPhase phase) {
  return std::string(api::kPolicyPhases.name(phase));
}

struct Availability {
  std::string status;  // True, False, Unknown
  std::string reason;
  std::string message;
};

// The server may be resolvable, so that pods are injected, without accepting profiles yet.
Availability availability(const api::EffectivePolicy& effective,
                          const api::ProfilingServer* server) {
  if (effective.policy.spec.endpoint) {
    return {"True", nameOf(Reason::kEndpointGiven),
            strCat("profiles go to spec.endpoint.url '", printable(effective.server_url),
                   "', which the operator does not probe")};
  }
  if (!effective.server_reason.empty()) {
    return {"False", effective.server_reason, effective.server_problem};
  }
  const std::string name = "spec.serverRef: ProfilingServer '" + serverKey(effective.policy) + "'";
  const api::Condition* ready = api::findCondition(server->status.conditions, "Ready");
  if (ready == nullptr) {
    return {"False", nameOf(Reason::kServerNotReady), name + " is still being set up"};
  }
  if (ready->status != "True") {
    return {"False", nameOf(Reason::kServerNotReady),
            strCat(name, " is not ready (", ready->reason, "): ", ready->message)};
  }
  return {"True", nameOf(Reason::kServerReady),
          strCat(name, " is ready at ", effective.server_url)};
}

std::string consequence(const api::EffectivePolicy& effective) {
  if (effective.policy.spec.mode == api::PolicyMode::kObserve) return {};
  return effective.server_url.empty()
             ? "; until then new pods are not profiled"
             : "; new pods get an agent, which sends its profiles once the server is ready";
}

// The rollout's phase; nullopt: it is complete, or there is none.
std::optional<api::PolicyPhase> rolloutPhase(const api::ProfilingPolicySpec& spec,
                                             const api::PolicyRollout& r) {
  if (r.reason == api::PolicyRolloutReason::kAborted) return api::PolicyPhase::kRollingBack;
  if (r.reason == api::PolicyRolloutReason::kFailureBudgetSpent) {
    return api::PolicyPhase::kHalted;
  }
  if (r.reason == api::PolicyRolloutReason::kAwaitingApproval) {
    return api::PolicyPhase::kAwaitingApproval;
  }
  const bool unfinished = r.pending + r.active > 0;
  if (spec.rollout && spec.rollout->paused && unfinished) return api::PolicyPhase::kPaused;
  if (r.held > 0) return api::PolicyPhase::kPaused;
  // Without restarts it is unfinished until the owners have replaced their pods.
  if (!unfinished || api::immediate(spec.rollout)) return std::nullopt;
  return api::PolicyPhase::kProgressing;
}

void reportRollout(const api::ProfilingPolicySpec& spec, const std::string& now,
                   api::ProfilingPolicyStatus& status) {
  if (!status.rollout) return;
  const api::PolicyRollout& r = *status.rollout;
  const auto phase = rolloutPhase(spec, r);
  const bool paused = phase == api::PolicyPhase::kPaused;
  if (phase) status.phase = nameOf(*phase);
  const auto set = [&](const char* type, bool value, std::string reason, std::string message) {
    api::setCondition(status.conditions,
                      {type, value ? "True" : "False", std::move(reason), std::move(message), "",
                       status.observed_generation},
                      now);
  };
  const std::string where =
      strCat(r.complete, " of ", r.pending + r.active + r.held + r.complete + r.failed + r.skipped,
             " workloads have revision ", r.revision);
  set("Progressing", phase == api::PolicyPhase::kProgressing,
      phase ? nameOf(*phase) : nameOf(Reason::kRolledOut), r.message.empty() ? where : r.message);
  set("Paused", paused, nameOf(paused ? Reason::kHeld : Reason::kNotPaused),
      r.reason.empty() ? where : r.message);
  set("Healthy", r.failed + r.held == 0,
      nameOf(r.failed > 0 ? Reason::kWorkloadsFailed
             : r.held > 0 ? Reason::kWorkloadsHeld
                          : Reason::kNoFailures),
      r.failed + r.held == 0
          ? where
          : strCat(r.failed, " workloads failed, ", r.held, " are held; see their records"));
}

// `where` is added to the message of an active policy.
api::ProfilingPolicyStatus statusOf(const api::EffectivePolicy& effective,
                                    const Availability& server, const std::string& where,
                                    const PolicyTotals& totals, const std::string& now) {
  const bool active = server.status == "True";
  const bool observes = effective.policy.spec.mode == api::PolicyMode::kObserve;
  const std::string working =
      nameOf(observes ? api::PolicyPhase::kObserving : api::PolicyPhase::kActive);
  const std::int64_t generation = effective.policy.metadata.generation;

  api::ProfilingPolicyStatus status = effective.policy.status;
  status.observed_generation = generation;
  status.phase = active ? working : nameOf(api::PolicyPhase::kDegraded);
  status.target_revision = effective.revision;
  totals.writeTo(status);
  api::setCondition(
      status.conditions,
      {"ServerAvailable", server.status, server.reason, server.message, "", generation}, now);
  const std::string message =
      observes
          ? "spec.mode is 'Observe': new pods that the policy selects are counted, and none is "
            "changed"
          : "new pods that the policy selects are profiled";
  api::setCondition(
      status.conditions,
      {"Ready", active ? "True" : "False", active ? working : server.reason,
       active ? message + where : server.message + consequence(effective), "", generation},
      now);
  if (active && !observes) reportRollout(effective.policy.spec, now, status);
  return status;
}

api::ProfilingPolicyStatus withRestarts(api::ProfilingPolicyStatus status,
                                        const api::ProfilingPolicySpec& spec, bool granted,
                                        const std::string& now) {
  constexpr std::string_view kType = "RestartsGranted";
  if (!granted && spec.rollout && spec.rollout->restart.mode == api::RestartMode::kManaged) {
    const Reason reason = Reason::kRestartsNotGranted;
    api::setCondition(
        status.conditions,
        {std::string(kType), "False", nameOf(reason),
         strCat("spec.rollout.restart.mode is 'Managed', but this installation does not let the "
                "operator restart pods, so each gets its agent when its owner replaces it. ",
                kPolicyConditions.remedy(reason)),
         "", status.observed_generation},
        now);
  } else {
    std::erase_if(status.conditions, [&](const api::Condition& c) { return c.type == kType; });
  }
  return status;
}

constexpr std::size_t kNamesShown = 3;

struct Namespaces {
  std::size_t selected = 0;
  std::size_t refused = 0;  // by the server
  std::string names;        // of the first of those: 'a', 'b', 'c'
};

Namespaces namespacesOf(const ClusterPolicyInput& input, const api::ClusterEffective& effective) {
  Namespaces all;
  for (const auto& [name, record] : input.namespaces) {
    if (inject::isExcluded(name, input.settings) || !effective.selects(record->labels)) continue;
    ++all.selected;
    if (effective.admits(name, record->labels)) continue;
    if (++all.refused > kNamesShown) continue;
    all.names += (all.names.empty() ? "'" : ", '") + name + "'";
  }
  if (all.refused > kNamesShown) all.names += " and others";
  return all;
}

std::string counted(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " namespace" : " namespaces");
}

}  // namespace

api::ProfilingPolicyStatus decidePolicy(const PolicyInput& input) {
  const api::EffectivePolicy effective = api::makeEffective(
      input.policy, input.server, input.namespace_labels, input.agents, input.revisions);
  return withRestarts(
      statusOf(effective, availability(effective, input.server), "", input.totals, input.now),
      input.policy.spec, input.restarts_granted, input.now);
}

api::ProfilingPolicyStatus decidePolicy(const ClusterPolicyInput& input) {
  const api::ClusterEffective effective(input.policy, input.server, input.settings.agents,
                                        input.revisions);
  const Namespaces all = namespacesOf(input, effective);
  if (all.refused != 0 && all.refused == all.selected) {
    const std::string server = "'" + serverKey(input.policy) + "'";
    const Availability none{"False", nameOf(Reason::kServerNotGranted),
                            "spec.serverRef: ProfilingServer " + server + " admits none of the " +
                                counted(all.selected) + " that spec.namespaceSelector chooses (" +
                                all.names +
                                "): set its spec.allowedNamespaces.from to 'All', or to "
                                "a 'Selector' that matches their labels"};
    api::EffectivePolicy refused = effective.common();
    refused.server_url.clear();
    return withRestarts(statusOf(refused, none, "", input.totals, input.now), input.policy.spec,
                        input.restarts_granted, input.now);
  }
  std::string where = " in " + counted(all.selected - all.refused);
  if (all.refused != 0) {
    where += "; " + std::to_string(all.refused) + " more, which the server's " +
             "spec.allowedNamespaces does not admit, are left alone: " + all.names;
  }
  return withRestarts(statusOf(effective.common(), availability(effective.common(), input.server),
                               where, input.totals, input.now),
                      input.policy.spec, input.restarts_granted, input.now);
}

}  // namespace profiling::controllers
