#include "controllers/workload/reconciler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controllers/runtime/status_patch.h"
#include "controllers/workload/languages.h"
#include "controllers/workload/preflight.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/api/workload_key.h"
#include "operator/base/log.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::controllers {
namespace {

constexpr std::string_view kFieldManager = "profiling-operator-workloads";
constexpr Millis kAdoption{60'000};  // no event of a pod shows that its ReplicaSet was adopted

// The owner uids that a record keeps: the newest last, enough for a rolling update.
std::vector<std::string> merged(std::vector<std::string> known,
                                const std::vector<std::string>& seen) {
  for (const std::string& uid : seen) {
    if (std::ranges::find(known, uid) == known.end()) known.push_back(uid);
  }
  if (known.size() > api::kMaxOwnerUids) {
    known.erase(known.begin(), known.end() - static_cast<std::ptrdiff_t>(api::kMaxOwnerUids));
  }
  return known;
}

// Nothing can be created in a namespace that is being deleted, and nothing needs to be.
bool isTerminating(const Status& status) {
  return status.code() == Code::kPermissionDenied &&
         status.message().find("being terminated") != std::string::npos;
}

bool stillExists(const inject::NamespaceState& state, const std::optional<api::PolicyRef>& ref) {
  return ref && std::ranges::any_of(state.policies, [&](const auto& policy) {
           return api::policyKind(*policy) == ref->kind &&
                  policy->policy.metadata.name == ref->name;
         });
}

// Keeps the first failure, or the shortest wait, for the runner to act on. No error is final:
// when an admission policy that refused a record is fixed, no object changes that would bring the
// key back.
void combine(Outcome& all, Outcome one) {
  if (!all.status.ok()) return;
  one.status = retriable(one.status);
  const bool sooner =
      one.requeue_after && (!all.requeue_after || *one.requeue_after < *all.requeue_after);
  if (!one.status.ok() || sooner) all = std::move(one);
}

// "Kind/name" of the group of pods; empty when the record does not say.
std::string kindAndName(const api::WorkloadProfile& record) {
  const auto it = record.metadata.annotations.find(std::string(api::kGroupKey));
  return it == record.metadata.annotations.end() ? std::string() : it->second;
}

std::shared_ptr<const api::WorkloadProfile> named(const WorkloadRecords& records,
                                                  const std::string& name) {
  const auto found =
      std::ranges::find_if(records, [&](const auto& r) { return r->metadata.name == name; });
  return found == records.end() ? nullptr : *found;
}

}  // namespace

std::string groupOf(const api::WorkloadProfile& record) {
  const std::string group = kindAndName(record);
  return group.empty() ? group : strCat(record.metadata.namespace_, "/", group);
}

WorkloadRecords recordsOf(const kube::Store<api::WorkloadProfile>& records,
                          const std::string& group) {
  WorkloadRecords found;
  const std::string prefix = group.substr(0, group.find('/') + 1);
  const auto all = records.snapshot();
  for (auto it = all->lower_bound(prefix); it != all->end() && it->first.starts_with(prefix);
       ++it) {
    if (groupOf(*it->second) == group) found.push_back(it->second);
  }
  return found;
}

Outcome WorkloadReconciler::reconcile(const std::string& group, const std::stop_token& stop) {
  const auto key = api::WorkloadKey::parse(group);
  if (!key || key->kind == "Pod") return Outcome::done();
  const WorkloadRecords records = recordsOf(records_, group);
  if (records.empty()) {
    const auto evaluation = index_.evaluation(group);
    if (!evaluation || !wantsRecord(*evaluation)) return Outcome::done();
  }

  std::vector<ResolvedWorkload> workloads;
  if (const auto pods = pods_.group(group)) {
    auto resolved = owners_.resolve(*pods, records, stop);
    if (!resolved.ok()) return Outcome::failed(resolved.status().annotated("read the owner"));
    workloads = *std::move(resolved);
  }
  Outcome outcome = Outcome::done();
  std::set<std::string> current;
  for (const ResolvedWorkload& workload : workloads) {
    current.insert(api::workloadProfileName(workload.workload.kind, workload.workload.name));
    combine(outcome, writeRecord(workload, group, records, stop));
    const bool orphaned = workload.workload.kind == "ReplicaSet" && key->kind != "ReplicaSet";
    if (orphaned || index_.owners().isLost(workload.workload.uid)) {
      combine(outcome, Outcome::after(kAdoption));
    }
  }
  for (const auto& record : records) {
    if (current.contains(record->metadata.name)) continue;
    const bool adopted = std::ranges::any_of(workloads, [&](const ResolvedWorkload& workload) {
      return std::ranges::find(workload.owner_uids, record->status.workload_ref.uid) !=
             workload.owner_uids.end();
    });
    combine(outcome, adopted ? remove(*record, stop) : keepWithoutPods(*record, stop));
  }
  return outcome;
}

Outcome WorkloadReconciler::writeRecord(const ResolvedWorkload& resolved, const std::string& group,
                                        const WorkloadRecords& records,
                                        const std::stop_token& stop) {
  const std::string& namespace_ = resolved.pods.namespace_;
  const std::string name = api::workloadProfileName(resolved.workload.kind, resolved.workload.name);
  const std::string key = kube::objectKey(namespace_, name);
  auto record = named(records, name);
  if (!record) record = records_.find(key);
  if (record && record->metadata.deleting) return Outcome::done();  // its removal is an event
  const inject::NamespaceState state = index_.namespaceState(namespace_);
  auto preflight = record ? record->status.preflight : std::nullopt;
  const auto assignment = record ? inject::assignmentOf(*record) : std::nullopt;
  const inject::Assignment* assigned = assignment ? &*assignment : nullptr;
  WorkloadEvaluation evaluation =
      evaluate(resolved.pods, state, preflight, index_.settings(), assigned);
  if (!wantsRecord(evaluation)) {
    if (!record) return Outcome::done();
    // Terminating pods say nothing about the policy.
    return evaluation.pods.total == 0 ? keepWithoutPods(*record, stop) : remove(*record, stop);
  }
  if (record && record->owner_uid != resolved.workload.uid) {
    return remove(*record, stop);  // left by a deleted workload of the same name
  }
  index_.owners().saw(key, resolved.workload.uid);
  if (evaluation.preflight_again && room_.due(key)) {
    evaluation.preflight_wanted = std::move(evaluation.preflight_again);
  }
  if (evaluation.preflight_wanted) {
    const std::vector<api::DetectedLanguages> known_of_none;
    auto made =
        runPreflight(client_, namespace_, *evaluation.preflight_wanted, state, index_.settings(),
                     stop, record ? record->status.detected : known_of_none);
    if (!made.ok() && made.status().code() != Code::kNotFound) {
      return Outcome::failed(made.status().annotated("read a pod"));
    }
    if (made.ok()) {
      preflight = *std::move(made);
      evaluation = evaluate(resolved.pods, state, preflight, index_.settings(), assigned);
      index_.setPreflight(group, preflight);
    }
  }

  const auto open = openGuesses(
      evaluation.guesses, record ? record->status.detected : std::vector<api::DetectedLanguages>());
  if (guessed_ && !open.empty()) guessed_(group);

  WorkloadInput input{
      namespace_,
      strCat(resolved.pods.kind, "/", resolved.pods.name),
      resolved.workload,
      evaluation,
      record.get(),
      preflight,
      merged(record ? record->status.owner_uids : std::vector<std::string>(), resolved.owner_uids),
      formatRfc3339(clock_.wall())};
  Outcome outcome = applyRecord(input, name, stop);
  if (evaluation.preflight_again) combine(outcome, Outcome::after(room_.wait(key)));
  if (!evaluation.preflight_again) room_.forget(key);
  return outcome;
}

Outcome WorkloadReconciler::applyRecord(WorkloadInput& input, const std::string& name,
                                        const std::stop_token& stop) {
  const api::WorkloadProfile* record = input.record;
  if (record != nullptr && hasMetadata(*record, input)) return writeStatus(*record, input, stop);
  const std::string id = "apply " + kube::objectKey(input.namespace_, name);
  if (const auto wait =
          guard_.check(id, record != nullptr ? record->metadata.resource_version : "")) {
    return Outcome::after(*wait);  // applied; the store does not show it yet
  }
  // An object that the store does not show may not be ours: then a conflict, and a retry.
  const auto conflicts = record != nullptr ? kube::Conflicts::kForce : kube::Conflicts::kFail;
  const auto applied = client_.apply(kube::resources::kWorkloads, recordObject(input),
                                     kFieldManager, stop, {}, conflicts);
  if (!applied.ok()) {
    guard_.forget(id);
    if (isTerminating(applied.status())) return Outcome::done();
    return Outcome::failed(applied.status().annotated("write record"));
  }
  const auto stored = api::workloadFromJson(*applied);
  if (!stored.ok()) return Outcome::failed(stored.status().annotated("record as stored"));
  input.record = &*stored;
  return writeStatus(*stored, input, stop);
}

Outcome WorkloadReconciler::writeStatus(const api::WorkloadProfile& record,
                                        const WorkloadInput& input, const std::stop_token& stop) {
  const api::WorkloadProfileStatus status = decideStatus(input);
  StatusWrite write = statuses_.write(kube::resources::kWorkloads, record.metadata,
                                      asStored(record.status), api::toJson(status), stop);
  if (write.written) recordAll(events_, leftAloneEvents(record, record.status, status));
  return isTerminating(write.outcome.status) ? Outcome::done() : std::move(write.outcome);
}

// Whether the record's workload exists. Read once for each record: then the garbage collector
// deletes the record with the workload.
Result<Existence> WorkloadReconciler::lookForOwner(const api::WorkloadProfile& record,
                                                   const std::stop_token& stop) {
  const api::WorkloadRef& workload = record.status.workload_ref;
  const std::string key = kube::objectKey(record.metadata.namespace_, record.metadata.name);
  if (record.owner_uid != workload.uid || workload.uid.empty() ||
      api::workloadProfileName(workload.kind, workload.name) != record.metadata.name) {
    return Existence::kGone;  // not as this controller writes it
  }
  if (index_.owners().has(key, workload.uid)) return Existence::kThere;
  auto found = owners_.look(workload, record.metadata.namespace_, stop);
  if (found.ok() && *found == Existence::kThere) index_.owners().saw(key, workload.uid);
  return found;
}

// A workload scaled to zero keeps its record as long as its policy exists. A record without a
// workload is deleted: anyone may have written it.
Outcome WorkloadReconciler::keepWithoutPods(const api::WorkloadProfile& record,
                                            const std::stop_token& stop) {
  if (record.metadata.deleting) return Outcome::done();
  const inject::NamespaceState state = index_.namespaceState(record.metadata.namespace_);
  if (!stillExists(state, record.status.policy_ref)) return remove(record, stop);
  const auto owner = lookForOwner(record, stop);
  if (!owner.ok()) return Outcome::failed(owner.status().annotated("read the owner"));
  if (*owner == Existence::kGone) return remove(record, stop);
  const WorkloadEvaluation nothing;
  return writeStatus(
      record,
      {record.metadata.namespace_, kindAndName(record), record.status.workload_ref, nothing,
       &record, record.status.preflight, record.status.owner_uids, formatRfc3339(clock_.wall())},
      stop);
}

Outcome WorkloadReconciler::remove(const api::WorkloadProfile& record,
                                   const std::stop_token& stop) {
  room_.forget(kube::objectKey(record.metadata.namespace_, record.metadata.name));
  const Status removed =
      client_.remove(kube::resources::kWorkloads, record.metadata.namespace_, record.metadata.name,
                     {record.metadata.uid, record.metadata.resource_version}, stop);
  if (!removed.ok() && removed.code() != Code::kNotFound) {
    return Outcome::failed(removed.annotated("delete record"));
  }
  index_.setPreflight(groupOf(record), std::nullopt);
  index_.setAssignment(groupOf(record), std::nullopt);
  index_.owners().forget(kube::objectKey(record.metadata.namespace_, record.metadata.name));
  statuses_.forget(record.metadata);
  guard_.forget("apply " + kube::objectKey(record.metadata.namespace_, record.metadata.name));
  return Outcome::done();
}

Controller workloadController(kube::Client& client, const PodTable& pods, WorkloadIndex& index,
                              const kube::Store<api::WorkloadProfile>& records,
                              std::function<void(const std::string& group)> guessed,
                              EventSink& events, int workers, const Clock& clock) {
  return {"workload", makeQueue({Millis(5), std::chrono::minutes(5)}, clock),
          reconcileBy(std::make_shared<WorkloadReconciler>(client, pods, index, records, clock,
                                                           std::move(guessed), events)),
          workers};
}

}  // namespace profiling::controllers
