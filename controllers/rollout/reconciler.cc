#include "controllers/rollout/reconciler.h"

#include <algorithm>
#include <set>

#include "controllers/rollout/owner.h"
#include "controllers/rollout/perform.h"
#include "controllers/rollout/plan_of.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/api/workload_key.h"
#include "operator/base/log.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::controllers {
namespace {

using State = api::WorkloadState;

constexpr int kLooks = 4;           // decisions in one pass, each with more owners read
constexpr Millis kAgainSoon{200};   // after a write that was decided from an old view
constexpr Millis kGoneSoon{5'000};  // a pod that is gone or another, until the watch shows it
// The part of the places for restarting workloads that policies of one namespace may hold: by default
// as many as one policy restarts in parallel.
constexpr std::int64_t kNamespacePart = 4;
constexpr Millis kWebhookLag{3'000};  // its watches usually lag far less
constexpr Millis kSeenBy{30'000};     // an eviction that the watch has not shown is forgotten

// Nothing to record: no pod is restarted, and each gets the target at its next start.
bool trivial(const engine::Plan& plan, const engine::Workload& before,
             const api::WorkloadRollout& after) {
  return plan.immediate() && before.record.target_revision.empty() &&
         after.state == State::kStepping && after.reason == api::RolloutReason::kWaitingForOwner &&
         !after.probe;
}

// A resolved policy has the metadata and status of an earlier time; this has the current ones.
std::shared_ptr<const api::EffectivePolicy> current(const api::EffectivePolicy& resolved,
                                                    const api::ObjectMeta& metadata,
                                                    const api::ProfilingPolicyStatus& status) {
  auto policy = std::make_shared<api::EffectivePolicy>(resolved);
  policy->policy.metadata = metadata;
  policy->policy.status = status;
  return policy;
}

// The object changed or was deleted after the decision: not an error, the next pass decides again.
bool isStale(const Status& status) {
  return status.code() == Code::kConflict || status.code() == Code::kNotFound;
}

// The next step and the stable revision rest on records; one of them could not be written.
void keepStep(const api::PolicyRollout& before, const std::string& stable, engine::Decision& out) {
  out.stable = stable;
  if (out.policy.revision != before.revision) return;
  out.policy.wave = before.wave;
  out.policy.step = before.step;
  out.policy.step_since = before.step_since;
}

}  // namespace

struct RolloutReconciler::Pass {
  Policy policy;  // null: orphans
  engine::Plan plan;
  engine::World world;
  std::vector<Member> members;
  engine::Decision decision;
  std::optional<Millis> again;

  void sooner(Millis delay) { again = again ? std::min(*again, delay) : delay; }
};

RolloutReconciler::RolloutReconciler(kube::Client& client, RolloutStores stores,
                                     const PodTable& pods, WorkloadIndex& index,
                                     GateInputs& gate_inputs, const std::string& operator_namespace,
                                     const std::string& webhook_deployment, RestartRights rights,
                                     EventSink& events, const Clock& clock,
                                     std::function<void(const std::string&)> owner_lost)
    : client_(client),
      statuses_(client),
      stores_(stores),
      pods_(pods),
      index_(index),
      reader_(pods, index, stores.records, stores.namespaces, stores.refusals),
      gate_inputs_(gate_inputs),
      revisions_(client, stores.revisions, operator_namespace),
      webhook_group_(
          webhook_deployment.empty()
              ? ""
              : api::workloadKeyText(operator_namespace, "Deployment", webhook_deployment)),
      rights_(rights),
      events_(events),
      clock_(clock),
      owner_lost_(std::move(owner_lost)),
      refusals_(clock) {
}

engine::Time RolloutReconciler::now() const {
  return clock_.wall();
}

RolloutReconciler::Policy RolloutReconciler::policyOf(const std::string& key) const {
  const auto snapshot = index_.policies();
  const std::size_t slash = key.find('/');
  if (slash == std::string::npos) {
    const auto it = snapshot->cluster.find(key);
    const auto live = stores_.cluster_policies.find(key);
    if (it == snapshot->cluster.end() || !live) return nullptr;
    return current(*it->second, live->metadata, live->status);
  }
  for (const Policy& policy : snapshot->of(key.substr(0, slash)).policies) {
    if (policy->cluster || policy->policy.metadata.name != key.substr(slash + 1)) continue;
    const auto live = stores_.policies.find(key);
    return live ? current(*policy, live->metadata, live->status) : nullptr;
  }
  return nullptr;
}

Outcome RolloutReconciler::reconcile(const std::string& key, const std::stop_token& stop) {
  Pass pass;
  if (key == kOrphans) {
    pass.world = reader_.orphans(pass.members, now());
    pass.plan.policy = key;
    if (pass.members.empty()) return Outcome::done();
  } else {
    pass.policy = policyOf(key);
    if (!pass.policy) {
      const MutexLock lock(mutex_);
      states_.erase(key);
      return Outcome::done();
    }
    pass.plan = planOf(*pass.policy);
    if (pass.plan.observes) return Outcome::done();
    pass.world = reader_.read(*pass.policy, pass.plan, pass.members, now());
  }
  pass.world.max_restarting = rights_.max_workloads;
  if (pass.policy && !pass.policy->cluster) {
    pass.world.max_in_namespace = (rights_.max_workloads + kNamespacePart - 1) / kNamespacePart;
  }
  pass.world.webhook_lag = kWebhookLag;
  if (!rights_.granted) withoutRestarts(pass);
  if (const auto ends = markEvicted(pass.world)) pass.sooner(*ends);
  if (const auto ends = refusals_.mark(pass.world)) pass.sooner(*ends);
  if (pass.policy) {
    const auto server = stores_.servers.find(serverKey(pass.policy->policy));
    if (gate_inputs_.fill(*pass.policy, server.get(), pass.plan, pass.members, pass.world)) {
      pass.sooner(kGateInputInterval);
    }
  }
  pass.world.sources.webhook = webhookProblem();
  return advance(pass, stop);
}

// New pods would get no agent.
std::string RolloutReconciler::webhookProblem() const {
  if (webhook_group_.empty()) return {};
  const engine::Pods pods = pods_.pods(webhook_group_);
  const bool ready =
      std::ranges::any_of(pods, [](const engine::Pod& pod) { return pod.ready && !pod.deleting; });
  return ready ? ""
               : strCat("none of ", pods.size(), " pods of the webhook (", webhook_group_,
                        ") is ready");
}

// Requests that the API server would refuse are not even planned.
void RolloutReconciler::withoutRestarts(Pass& pass) {
  pass.plan.mode = api::RestartMode::kNever;
  for (engine::Workload& w : pass.world.workloads) w.record.restart_mode = api::RestartMode::kNever;
}

// An evicted pod counts as terminating until the watch shows it.
std::optional<Millis> RolloutReconciler::markEvicted(engine::World& world) {
  const MutexLock lock(mutex_);
  std::optional<Millis> ends;
  if (evictions_.empty()) return ends;
  const SteadyTime now = clock_.steady();
  std::erase_if(evictions_, [&](const auto& each) { return now > each.second; });
  for (engine::Workload& w : world.workloads) {
    const auto evicted = [&](const engine::Pod& pod)
                             PROFILING_REQUIRES(mutex_) { return evictions_.contains(pod.uid); };
    if (!w.pods || std::ranges::none_of(*w.pods, evicted)) continue;
    engine::Pods pods = *w.pods;
    for (engine::Pod& pod : pods) {
      if (pod.deleting || !evicted(pod)) continue;
      pod.deleting = true;
      const auto left = std::chrono::ceil<Millis>(evictions_[pod.uid] - now) + Millis(1);
      ends = std::min(ends.value_or(left), left);
    }
    w.pods = std::make_shared<const engine::Pods>(std::move(pods));
  }
  return ends;
}

Outcome RolloutReconciler::advance(Pass& pass, const std::stop_token& stop) {
  for (int look = 0; look < kLooks; ++look) {
    pass.decision = engine::decide(pass.plan, pass.world);
    if (std::ranges::none_of(pass.decision.changes, &engine::Change::wants_owner)) break;
    readOwners(pass, stop);
    if (stop.stop_requested()) return Outcome::done();
  }
  count(pass.plan.policy, pass.world, pass.decision.changes);
  if (const Status kept = keepRevisions(pass, stop); !kept.ok()) return Outcome::failed(kept);
  return write(pass, stop);
}

// An owner that cannot be read holds its own workload only.
void RolloutReconciler::readOwners(Pass& pass, const std::stop_token& stop) {
  for (const engine::Change& change : pass.decision.changes) {
    if (!change.wants_owner) continue;
    engine::Workload& w = pass.world.workloads[change.workload];
    const Member& member = pass.members[change.workload];
    const auto group = pods_.group(member.group);
    std::vector<api::KeyValueView> labels;
    if (group && !group->classes.empty()) labels = labelsOf(group->classes.front());
    const auto pods = static_cast<std::int64_t>(pass.world.podsOf(change.workload)->size());
    auto owner = readOwner(client_, member.record->metadata.namespace_,
                           member.record->status.workload_ref, pods, labels, stop);
    if (stop.stop_requested()) return;
    if (!owner.ok()) {
      log::warn("A workload could not be read",
                {{"workload", w.key}, {"error", owner.status().toString()}});
      engine::Owner unknown;
      unknown.replicas = pods;
      unknown.unreadable = printable(owner.status().toString(), kMostWords);
      owner = std::move(unknown);
    }
    if (!owner->found) {
      index_.owners().lost(member.record->status.workload_ref.uid);
      if (owner_lost_) owner_lost_(member.group);
    }
    w.owner = *owner;
  }
}

// A revision is stored before anything refers to it.
Status RolloutReconciler::keepRevisions(Pass& pass, const std::stop_token& stop) {
  if (!pass.policy) return {};
  std::set<std::string> in_use{pass.policy->revision, pass.decision.stable};
  std::set<std::string> wanted;
  for (const engine::Workload& w : pass.world.workloads) {
    for (const std::string* r : {&w.record.target_revision, &w.record.stable_revision,
                                 &w.record.assigned_revision, &w.record.rejected_revision}) {
      in_use.insert(*r);
    }
  }
  for (const engine::Change& change : pass.decision.changes) {
    in_use.insert(change.record.target_revision);
    wanted.insert(change.record.target_revision);
  }
  if (Status made = revisions_.ensure(*pass.policy, stop); !made.ok()) return made;
  const bool reduces = std::ranges::any_of(
      pass.policy->reduced, [&](const auto& revision) { return wanted.contains(revision); });
  if (reduces) {
    for (const api::EffectivePolicy& rung : api::overheadLadder(*pass.policy)) {
      if (!wanted.contains(rung.revision)) continue;
      if (Status made = revisions_.ensure(rung, stop); !made.ok()) return made;
    }
  }
  return revisions_.prune(*pass.policy, in_use, stop);
}

Outcome RolloutReconciler::write(Pass& pass, const std::stop_token& stop) {
  Status failure;  // of one workload or of the policy: the others go on
  for (const engine::Change& change : pass.decision.changes) {
    if (change.wants_owner) {
      pass.sooner(kAgainSoon);
      continue;
    }
    if (trivial(pass.plan, pass.world.workloads[change.workload], change.record)) continue;
    const Status status = carryOut(pass, change, stop);
    if (!status.ok()) failure = status;
  }
  if (!failure.ok()) keepStep(pass.world.record, pass.plan.stable, pass.decision);
  const Status written = writePolicy(pass, stop);
  if (isStale(written)) {
    pass.sooner(kAgainSoon);
  } else if (!written.ok()) {
    failure = written;
  }
  if (!failure.ok()) return Outcome::failed(retriable(failure));
  if (pass.decision.again) {
    pass.sooner(std::clamp<Millis>(
        std::chrono::duration_cast<Millis>(*pass.decision.again - pass.world.now), Millis(20),
        std::chrono::hours(1)));
  }
  return pass.again ? Outcome::after(*pass.again) : Outcome::done();
}

// Writes the record first, then acts.
Status RolloutReconciler::carryOut(Pass& pass, const engine::Change& change,
                                   const std::stop_token& stop) {
  const Member& member = pass.members[change.workload];
  if (change.differs) {
    Status written = writeRecord(member, change.record, stop);
    if (isStale(written)) {
      pass.sooner(kAgainSoon);
      return {};
    }
    if (!written.ok()) return written;
    const api::WorkloadRollout& before = pass.world.workloads[change.workload].record;
    countVerdict(before, change.record);
    emitEvents(pass.plan.policy, member, before, change.record);
  }
  return actOn(pass, change, stop);
}

Status RolloutReconciler::actOn(Pass& pass, const engine::Change& change,
                                const std::stop_token& stop) {
  const api::WorkloadProfile& record = *pass.members[change.workload].record;
  const std::string& workload = pass.world.workloads[change.workload].key;
  if (!change.actions.empty()) refusals_.nothingWent(workload);  // until something does
  for (const engine::Action& action : change.actions) {
    Status acted = perform(client_, record.metadata.namespace_, record.status.workload_ref, action,
                           formatRfc3339(pass.world.now), stop);
    if (acted.code() == Code::kCancelled) return acted;
    const bool gone = isStale(acted);  // the watch will show it
    if (!acted.ok() && !gone) {
      pass.sooner(refusals_.add(workload, action, acted));
      return {};
    }
    if (!gone) refusals_.done(workload);
    const MutexLock lock(mutex_);
    if (!action.uid.empty())
      evictions_[action.uid] = clock_.steady() + (gone ? kGoneSoon : kSeenBy);
    if (gone) {
      pass.sooner(kGoneSoon);
      continue;
    }
    ++stats_.actions[actionName(action.kind)];
    log::info("Rollout acted", {{"workload", workload},
                                {"action", actionName(action.kind)},
                                {"pod", action.pod},
                                {"revision", change.record.assigned_revision}});
  }
  return {};
}

Status RolloutReconciler::writeRecord(const Member& member, const api::WorkloadRollout& rollout,
                                      const std::stop_token& stop) {
  const api::WorkloadProfile& record = *member.record;
  nlohmann::json from = nlohmann::json::object();
  if (record.status.rollout) from["rollout"] = api::toJson(*record.status.rollout);
  return statuses_.writeUnchanged(kube::resources::kWorkloads, record.metadata, from,
                                  {{"rollout", api::toJson(rollout)}}, stop);
}

Status RolloutReconciler::writePolicy(Pass& pass, const std::stop_token& stop) {
  if (!pass.policy) return {};
  const api::ObjectMeta& metadata = pass.policy->policy.metadata;
  const api::ProfilingPolicyStatus& status = pass.policy->policy.status;
  // A policy without spec.rollout reports a rollout only when a workload failed or is held.
  const api::PolicyRollout& rollout = pass.decision.policy;
  const bool quiet = !pass.policy->policy.spec.rollout && rollout.failed + rollout.held == 0;
  if (quiet && !status.rollout) return {};
  const auto jsonOf = [](const std::optional<api::PolicyRollout>& r, const std::string& stable) {
    nlohmann::json out = nlohmann::json::object();
    if (r) out["rollout"] = api::toJson(*r);
    if (!stable.empty()) out["stableRevision"] = stable;
    return out;
  };
  const auto& resource =
      pass.policy->cluster ? kube::resources::kClusterPolicies : kube::resources::kPolicies;
  Status written =
      statuses_.writeUnchanged(resource, metadata, jsonOf(status.rollout, status.stable_revision),
                               jsonOf(rollout, pass.decision.stable), stop);
  const auto before = status.rollout ? status.rollout->reason : api::RecordedPolicyReason();
  if (written.ok() && !rollout.reason.empty() && rollout.reason != before) {
    events_.record({subjectOf(std::string(api::policyKind(*pass.policy)), metadata),
                    rollout.reason == api::PolicyRolloutReason::kFailureBudgetSpent ||
                        rollout.reason == api::PolicyRolloutReason::kInconclusive,
                    strCat("Rollout", rollout.reason.text()), "Rollout", rollout.message});
  }
  return written;
}

}  // namespace profiling::controllers
