#include "controllers/policy/decide.h"

#include <utility>

#include "operator/base/text.h"

namespace profiling::controllers {
namespace {

struct Availability {
  std::string status;  // True, False, Unknown
  std::string reason;
  std::string message;
};

// The server may be resolvable, so that pods are injected, and still not take profiles yet.
Availability availability(const api::EffectivePolicy& effective,
                          const api::ProfilingServer* server) {
  if (effective.policy.spec.endpoint) {
    return {"True", "EndpointGiven",
            "profiles go to spec.endpoint.url '" + printable(effective.server_url) +
                "', which the operator does not probe"};
  }
  if (!effective.server_reason.empty()) {
    return {"False", effective.server_reason, effective.server_problem};
  }
  const std::string name = "spec.serverRef: ProfilingServer '" + serverKey(effective.policy) + "'";
  const api::Condition* ready = api::findCondition(server->status.conditions, "Ready");
  if (ready == nullptr) {
    return {"False", "ServerNotReady", name + " has not been set up yet; it is being worked on"};
  }
  if (ready->status != "True") {
    return {"False", "ServerNotReady",
            name + " is not ready (" + ready->reason + "): " + ready->message};
  }
  return {"True", "ServerReady", name + " is ready at " + effective.server_url};
}

std::string consequence(const api::EffectivePolicy& effective) {
  if (effective.policy.spec.mode == api::PolicyMode::kObserve) return {};
  return effective.server_url.empty()
             ? "; until then new pods are not profiled"
             : "; new pods get an agent, which sends its profiles once the server is ready";
}

// What the rollout does, in one word; empty: it is through, or there is none.
std::string rolloutPhase(const api::ProfilingPolicySpec& spec, const api::PolicyRollout& r) {
  if (r.reason == "Aborted") return "RollingBack";
  if (r.reason == "FailureBudgetSpent") return "Halted";
  if (r.reason == "AwaitingApproval") return "AwaitingApproval";
  const bool going = r.pending + r.active > 0;
  if (spec.rollout && spec.rollout->paused && going) return "Paused";
  if (r.held > 0) return "Paused";
  // Without restarts it goes on for as long as the owners leave their pods alone.
  return going && !api::immediate(spec.rollout) ? "Progressing" : "";
}

void tellRollout(const api::ProfilingPolicySpec& spec, const std::string& now,
                 api::ProfilingPolicyStatus& status) {
  if (!status.rollout) return;
  const api::PolicyRollout& r = *status.rollout;
  const std::string phase = rolloutPhase(spec, r);
  if (!phase.empty()) status.phase = phase;
  const auto set = [&](const char* type, bool value, std::string reason, std::string message) {
    api::setCondition(status.conditions,
                      {type, value ? "True" : "False", std::move(reason), std::move(message), "",
                       status.observed_generation},
                      now);
  };
  const std::string where =
      std::to_string(r.complete) + " of " +
      std::to_string(r.pending + r.active + r.held + r.complete + r.failed + r.skipped) +
      " workloads have revision " + r.revision;
  set("Progressing", phase == "Progressing", phase.empty() ? "RolledOut" : phase,
      r.message.empty() ? where : r.message);
  set("Paused", phase == "Paused", phase == "Paused" ? "Held" : "NotPaused",
      r.reason.empty() ? where : r.message);
  set("Healthy", r.failed + r.held == 0,
      r.failed > 0 ? "WorkloadsFailed"
      : r.held > 0 ? "WorkloadsHeld"
                   : "NoFailures",
      r.failed + r.held == 0 ? where
                             : std::to_string(r.failed) + " workloads failed, " +
                                   std::to_string(r.held) + " are held; see their records");
}

// `where` is said of a policy that is active.
api::ProfilingPolicyStatus statusOf(const api::EffectivePolicy& effective,
                                    const Availability& server, const std::string& where,
                                    const PolicyTotals& totals, const std::string& now) {
  const bool active = server.status == "True";
  const bool observes = effective.policy.spec.mode == api::PolicyMode::kObserve;
  const char* word = observes ? "Observing" : "Active";
  const std::int64_t generation = effective.policy.metadata.generation;

  api::ProfilingPolicyStatus status = effective.policy.status;
  status.observed_generation = generation;
  status.phase = active ? word : "Degraded";
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
      {"Ready", active ? "True" : "False", active ? word : server.reason,
       active ? message + where : server.message + consequence(effective), "", generation},
      now);
  if (active && !observes) tellRollout(effective.policy.spec, now, status);
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
  return statusOf(effective, availability(effective, input.server), "", input.totals, input.now);
}

api::ProfilingPolicyStatus decidePolicy(const ClusterPolicyInput& input) {
  const api::ClusterEffective effective(input.policy, input.server, input.settings.agents,
                                        input.revisions);
  const Namespaces all = namespacesOf(input, effective);
  if (all.refused != 0 && all.refused == all.selected) {
    const std::string server = "'" + serverKey(input.policy) + "'";
    const Availability none{"False", "ServerNotGranted",
                            "spec.serverRef: ProfilingServer " + server + " admits none of the " +
                                counted(all.selected) + " that spec.namespaceSelector chooses (" +
                                all.names +
                                "): set its spec.allowedNamespaces.from to 'All', or to "
                                "a 'Selector' that matches their labels"};
    api::EffectivePolicy refused = effective.common();
    refused.server_url.clear();
    return statusOf(refused, none, "", input.totals, input.now);
  }
  std::string where = " in " + counted(all.selected - all.refused);
  if (all.refused != 0) {
    where += "; " + std::to_string(all.refused) + " more, which the server's " +
             "spec.allowedNamespaces does not admit, are left alone: " + all.names;
  }
  return statusOf(effective.common(), availability(effective.common(), input.server), where,
                  input.totals, input.now);
}

}  // namespace profiling::controllers
