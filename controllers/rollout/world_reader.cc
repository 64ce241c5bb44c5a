#include "controllers/rollout/world_reader.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "controllers/workload/reconciler.h"
#include "operator/base/str_cat.h"
#include "operator/inject/decision_json.h"

namespace profiling::controllers {
namespace {

const std::map<std::string, std::string> kNoLabels;
constexpr std::size_t kSpare = 1024;

bool isOf(const api::WorkloadProfile& record, const api::EffectivePolicy& policy) {
  const auto& ref = record.status.policy_ref;
  return ref && ref->name == policy.policy.metadata.name && ref->kind == api::policyKind(policy) &&
         (policy.cluster || record.metadata.namespace_ == policy.policy.metadata.namespace_);
}

// The namespace whose workloads a record's findings concern; empty: all. Who may run pods in a
// namespace can write what its pods report.
std::string concernedBy(const api::WorkloadProfile& record) {
  const auto& ref = record.status.policy_ref;
  const bool of_cluster = ref && ref->kind == api::ClusterProfilingPolicy::kKind;
  return of_cluster ? std::string() : record.metadata.namespace_;
}

// The pod that is to find out what the image runs. Rollouts give a StatefulSet's pods the agent from
// the highest ordinal down.
std::optional<std::size_t> finderAmong(const PodTable::Members& members, const MayCarry& may) {
  std::optional<std::size_t> out;
  for (std::size_t i = 0; i < members.pods.size(); ++i) {
    const engine::Pod& pod = members.pods[i];
    if (pod.deleting || !pod.revision.empty() || !may.classes[members.class_of[i]]) continue;
    if (!out || pod.ordinal > members.pods[*out].ordinal) out = i;
  }
  return out;
}

bool selects(const inject::NamespaceState& state, const api::PolicyRef& ref) {
  return std::ranges::any_of(state.policies, [&](const auto& policy) {
    return api::policyKind(*policy) == ref.kind && policy->policy.metadata.name == ref.name;
  });
}

// What two namespaces have seen concerns all.
void spreadSeenTwice(std::vector<engine::World::Seen>& list) {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> where;
  for (const auto& seen : list) {
    where[{seen.what.image, seen.what.agent}].insert(seen.namespace_);
  }
  for (auto& seen : list) {
    if (where[{seen.what.image, seen.what.agent}].size() > 1) seen.namespace_.clear();
  }
}

}  // namespace

std::shared_ptr<const WorldReader::Facts> WorldReader::factsOf(const std::string& group,
                                                               const api::WorkloadProfile& record,
                                                               std::uint64_t generation) {
  const auto policies = index_.policies();
  const auto& preflight = record.status.preflight;
  // It changes with the record too, before or after this reader sees that.
  const auto evaluation = index_.evaluation(group, generation);
  {
    const MutexLock lock(mutex_);
    const auto it = facts_.find(group);
    if (it != facts_.end() && it->second->generation == generation &&
        it->second->policies.lock() == policies && it->second->preflight == preflight &&
        it->second->evaluation.lock() == evaluation) {
      return it->second;
    }
  }
  auto facts = std::make_shared<Facts>();
  facts->generation = generation;
  facts->policies = policies;
  facts->preflight = preflight;
  facts->evaluation = evaluation;
  facts->pods = podsOf(group, record);
  facts->steady = engine::steadyRevision(*facts->pods);
  if (facts->steady) facts->pods.reset();
  if (evaluation) {
    const PolicyShare* main = evaluation->main();
    facts->unsupported = main != nullptr && main->pods.skipped == main->pods.total &&
                         std::ranges::none_of(main->skipped, [](const auto& each) {
                           return inject::isBreaker(each.first);
                         });
    if (facts->unsupported) {
      facts->reason = api::RecordedReason::parse(inject::reasonName(main->skipped.begin()->first));
    }
  }
  const MutexLock lock(mutex_);
  facts_.insert_or_assign(group, facts);
  return facts;
}

// Drops the facts about short-lived workloads, such as Jobs.
void WorldReader::forgetGone(std::size_t records) {
  const MutexLock lock(mutex_);
  if (facts_.size() > 2 * records + kSpare) facts_.clear();
}

std::shared_ptr<const engine::Pods> WorldReader::podsOf(const std::string& group,
                                                        const api::WorkloadProfile& record) const {
  auto members = pods_.members(group);
  if (!members) return std::make_shared<const engine::Pods>();
  const auto policies = index_.policies();
  const MayCarry may = mayCarry(members->group, policies->of(members->group.namespace_),
                                record.status.preflight, index_.settings());
  const std::optional<std::size_t> finder = may.one_pod ? finderAmong(*members, may) : std::nullopt;
  for (std::size_t i = 0; i < members->pods.size(); ++i) {
    engine::Pod& pod = members->pods[i];
    const PodClass& of = members->group.classes[members->class_of[i]];
    const bool carries = !pod.revision.empty();
    pod.eligible = carries || (may.classes[members->class_of[i]] && (!may.one_pod || finder == i));
    if (!carries) pod.answer = inject::answerIn(of.decision);
    if (pod.failure) pod.failure->agents = inject::agentsIn(of.decision, pod.failure->container);
  }
  return std::make_shared<const engine::Pods>(std::move(members->pods));
}

// The last refusal of the workload's pods. A Deployment's and a Rollout's are reported by a ReplicaSet
// that is named "<name>-<hash>".
std::optional<engine::Refusal> WorldReader::refusalOf(const api::WorkloadProfile& record) const {
  const api::WorkloadRef& workload = record.status.workload_ref;
  const bool by_replica_set = workload.kind == "Deployment" || workload.kind == "Rollout";
  const auto concerns = [&](const inject::RefusalEvent& event) {
    if (!by_replica_set) {
      return event.owner_kind == workload.kind && event.owner_name == workload.name;
    }
    const std::string_view name = event.owner_name;
    return event.owner_kind == "ReplicaSet" && name.substr(0, name.rfind('-')) == workload.name;
  };
  const auto last = refusals_.last(record.metadata.namespace_, concerns);
  if (!last) return std::nullopt;
  return engine::Refusal{engine::Time(std::chrono::seconds(last->at)), last->message};
}

engine::Workload WorldReader::workloadOf(const Member& member, const std::string& policy_uid,
                                         std::uint64_t generation) {
  const api::WorkloadProfile& record = *member.record;
  const auto facts = factsOf(member.group, record, generation);
  engine::Workload w;
  w.key = member.group;
  w.kind = record.status.workload_ref.kind;
  w.bucket = engine::bucketOf(policy_uid, member.group);
  w.unsupported = facts->unsupported;
  w.unsupported_reason = facts->reason;
  w.overrides = {record.spec.paused, record.spec.skip, record.spec.pin, record.spec.approve};
  w.record = record.status.rollout.value_or(api::WorkloadRollout{});
  if (w.record.replacements) w.refusal = refusalOf(record);
  w.pods = facts->pods;
  w.steady = facts->steady;
  return w;
}

// Whether a record may have a say in what happens to other workloads. A status that somebody else
// wrote must not hold the cluster's slots or quarantine an image, so the record alone is no proof:
// there are pods, or the controller has seen the workload itself, and the policy exists and selects
// the namespace. Without a policy, pods still carry an agent of one that was deleted.
bool WorldReader::counts(const api::WorkloadProfile& record, const std::string& group,
                         bool has_pods) const {
  if (group.empty()) return false;
  const api::WorkloadRef& workload = record.status.workload_ref;
  if (api::workloadProfileName(workload.kind, workload.name) != record.metadata.name) return false;
  const std::string key = kube::objectKey(record.metadata.namespace_, record.metadata.name);
  if (!has_pods && !index_.owners().has(key, workload.uid)) return false;
  const auto& ref = record.status.policy_ref;
  return !ref || selects(index_.policies()->of(record.metadata.namespace_), *ref);
}

// What each policy needs from the records of the whole cluster: the other workloads that are being
// restarted, and the images that agents have broken.
void WorldReader::readOthers(const api::EffectivePolicy* policy, engine::World& world) const {
  const auto all = records_.snapshot();
  std::vector<std::pair<const api::WorkloadProfile*, std::string>> others;
  std::vector<std::string> groups;
  for (const auto& [key, record] : *all) {
    if (!record->status.rollout) continue;
    others.emplace_back(record.get(), groupOf(*record));
    groups.push_back(others.back().second);
  }
  const std::vector<std::uint64_t> generations = pods_.generations(groups);
  bool unknown = false;  // a probe's image, while its only pod is away
  for (std::size_t i = 0; i < others.size(); ++i) {
    const auto& [record, group] = others[i];
    if (!counts(*record, group, generations[i] != 0)) continue;
    const api::WorkloadRollout& rollout = *record->status.rollout;
    const std::string concerned = concernedBy(*record);
    for (const api::ImageAgent& what : rollout.quarantine) {
      world.quarantine.push_back({group, what, concerned});
    }
    for (const api::ImageAgent& what : rollout.cleared) {
      world.cleared.push_back({group, what, concerned});
    }
    if (policy != nullptr ? isOf(*record, *policy) : !record->status.policy_ref) continue;
    if (engine::holdsSlot(rollout, world.now)) {
      ++world.restarting_elsewhere;
      const bool shared = policy == nullptr || policy->cluster || concerned.empty() ||
                          concerned != policy->policy.metadata.namespace_;
      if (!shared) ++world.restarting_in_namespace;
    }
    if (!rollout.probe) continue;
    std::vector<std::string> images = pods_.images(group);
    unknown = unknown || images.empty();
    for (std::string& image : images) world.probed_elsewhere.push_back(std::move(image));
  }
  spreadSeenTwice(world.quarantine);
  for (const auto& q : world.quarantine) {
    if (unknown) world.probed_elsewhere.push_back(q.what.image);
  }
}

void WorldReader::readImages(const api::EffectivePolicy& policy, const engine::Plan& plan,
                             const Member& member, const engine::World& world,
                             engine::Workload& w) const {
  const bool complete = w.record.state == api::WorkloadState::kComplete &&
                        w.record.target_revision == plan.revisions.front();
  if (world.quarantine.empty() || complete) return;
  w.images = pods_.images(member.group);
  std::erase_if(w.images, [&](const std::string& image) {
    return std::ranges::none_of(world.quarantine,
                                [&](const auto& q) { return q.what.image == image; });
  });
  const auto& preflight = member.record->status.preflight;
  if (w.images.empty() || !preflight) return;
  const auto pinned = policy.at(w.overrides.pin);
  const api::AgentImages& agents = pinned ? pinned->agents : policy.agents;
  for (const api::Language language : preflight->languages) {
    const auto& agent = agents.at(static_cast<std::size_t>(language));
    w.agents.push_back(inject::agentName(api::languageToken(language), agent.version));
  }
}

engine::World WorldReader::read(const api::EffectivePolicy& policy, const engine::Plan& plan,
                                std::vector<Member>& members, engine::Time now) {
  const api::ObjectMeta& metadata = policy.policy.metadata;
  const std::string& namespace_ = policy.cluster ? std::string() : metadata.namespace_;
  const auto namespaces = namespaces_.snapshot();
  const auto& rollout = policy.policy.spec.rollout;
  const auto order = rollout ? rollout->order : std::vector<api::RolloutWave>();
  // A stable revision that is not stored belongs to another policy or was pruned: there is no way
  // back to it.
  std::set<std::string> known{policy.revision};
  for (const auto& revision : policy.revisions) known.insert(revision->revision);

  engine::World world;
  world.now = now;
  readOthers(&policy, world);
  const auto all = records_.snapshot();
  std::vector<std::string> groups;
  const std::string prefix = namespace_.empty() ? "" : namespace_ + "/";
  for (auto it = all->lower_bound(prefix); it != all->end() && it->first.starts_with(prefix);
       ++it) {
    if (it->second->metadata.deleting || !isOf(*it->second, policy)) continue;
    std::string group = groupOf(*it->second);
    if (group.empty()) continue;
    members.push_back({it->second, group});
    groups.push_back(std::move(group));
  }
  const std::vector<std::uint64_t> generations = pods_.generations(groups);
  world.workloads.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Member& member = members[i];
    engine::Workload& w =
        world.workloads.emplace_back(workloadOf(member, metadata.uid, generations[i]));
    const auto found = namespaces->find(member.record->metadata.namespace_);
    w.wave = api::waveOf(order, found == namespaces->end() ? kNoLabels : found->second->labels);
    if (!known.contains(w.record.stable_revision)) w.record.stable_revision.clear();
    readImages(policy, plan, member, world, w);
    if (!w.pods && engine::needsPods(plan, w)) w.pods = podsOf(member.group, *member.record);
  }
  forgetGone(all->size());
  world.record = policy.policy.status.rollout.value_or(api::PolicyRollout{});
  world.read_pods = [this, &members](std::size_t i) {
    return podsOf(members[i].group, *members[i].record);
  };
  return world;
}

engine::World WorldReader::orphans(std::vector<Member>& members, engine::Time now) {
  engine::World world;
  world.now = now;
  readOthers(nullptr, world);
  const auto all = records_.snapshot();
  for (const auto& [key, record] : *all) {
    if (record->metadata.deleting || record->status.policy_ref || !record->status.rollout) continue;
    Member member{record, groupOf(*record)};
    if (member.group.empty()) continue;
    const auto group = pods_.group(member.group);
    engine::Workload w = workloadOf(member, "", group ? group->generation : 0);
    if (!w.pods) w.pods = podsOf(member.group, *record);
    world.workloads.push_back(std::move(w));
    members.push_back(std::move(member));
  }
  return world;
}

}  // namespace profiling::controllers
