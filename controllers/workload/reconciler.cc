#include "controllers/workload/reconciler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controllers/runtime/status_patch.h"
#include "controllers/workload/languages.h"
#include "controllers/workload/preflight.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/log.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::controllers {
namespace {

constexpr std::string_view kFieldManager = "profiling-operator-workloads";

// The uids that a record remembers: the newest last, so many that a rolling update fits.
std::vector<std::string> merged(std::vector<std::string> known,
                                const std::vector<std::string>& seen) {
  for (const std::string& uid : seen) {
    if (std::find(known.begin(), known.end(), uid) == known.end()) known.push_back(uid);
  }
  if (known.size() > api::kMaxOwnerUids) {
    known.erase(known.begin(), known.end() - static_cast<std::ptrdiff_t>(api::kMaxOwnerUids));
  }
  return known;
}

// Nothing can be made in a namespace that goes away, and nothing needs to.
bool namespaceGoes(const Status& status) {
  return status.code() == Code::kPermissionDenied &&
         status.message().find("being terminated") != std::string::npos;
}

bool stillThere(const inject::NamespaceState& state, const std::optional<api::PolicyRef>& ref) {
  return ref && std::any_of(state.policies.begin(), state.policies.end(), [&](const auto& policy) {
           return api::policyKind(*policy) == ref->kind &&
                  policy->policy.metadata.name == ref->name;
         });
}

// The first outcome that is not plain success, for the runner to act on. No error is final: when an
// admission policy that refused a record is mended, no object changes that would bring the key
// back.
void note(Outcome& all, Outcome one) {
  if (!all.status.ok()) return;
  one.status = neverFinal(one.status);
  if (!one.status.ok() || !all.requeue_after) all = std::move(one);
}

}  // namespace

std::string groupOf(const api::WorkloadProfile& record) {
  const auto it = record.metadata.annotations.find(std::string(api::kGroupKey));
  return it == record.metadata.annotations.end() ? std::string()
                                                 : record.metadata.namespace_ + "/" + it->second;
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
  const std::vector<std::string_view> parts = split(group, '/');
  if (parts.size() != 3 || parts[1] == "Pod") return Outcome::done();
  const WorkloadRecords records = recordsOf(records_, group);
  const auto evaluation = index_.evaluation(group);
  if (records.empty() && (!evaluation || !wantsRecord(*evaluation))) return Outcome::done();

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
    note(outcome, writeRecord(workload, group, records, stop));
  }
  for (const auto& record : records) {
    if (!current.contains(record->metadata.name)) note(outcome, tidy(*record, stop));
  }
  return outcome;
}

Outcome WorkloadReconciler::writeRecord(const ResolvedWorkload& resolved, const std::string& group,
                                        const WorkloadRecords& records,
                                        const std::stop_token& stop) {
  const std::string& namespace_ = resolved.pods.namespace_;
  const std::string name = api::workloadProfileName(resolved.workload.kind, resolved.workload.name);
  std::shared_ptr<const api::WorkloadProfile> record;
  for (const auto& r : records) {
    if (r->metadata.name == name) record = r;
  }
  if (!record) record = records_.find(kube::objectKey(namespace_, name));
  if (record && record->metadata.deleting) return Outcome::done();  // its end is an event

  const inject::NamespaceState state = index_.namespaceState(namespace_);
  std::optional<api::Preflight> preflight;
  if (record) preflight = record->status.preflight;
  std::optional<inject::Assignment> assignment;
  if (record) assignment = inject::assignmentOf(*record);
  const inject::Assignment* assigned = assignment ? &*assignment : nullptr;
  WorkloadEvaluation evaluation =
      evaluate(resolved.pods, state, preflight, index_.settings(), assigned);
  if (!wantsRecord(evaluation)) {
    if (!record) return Outcome::done();
    // Pods that are only ending say nothing about the policy.
    return evaluation.pods.total == 0 ? tidy(*record, stop) : remove(*record, stop);
  }
  if (record && record->owner_uid != resolved.workload.uid) {
    return remove(*record, stop);  // of a workload of the same name that is no more
  }
  if (evaluation.preflight_wanted) {
    auto made = runPreflight(client_, namespace_, *evaluation.preflight_wanted, state,
                             index_.settings(), stop);
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
      group.substr(group.find('/') + 1),
      resolved.workload,
      evaluation,
      record.get(),
      preflight,
      merged(record ? record->status.owner_uids : std::vector<std::string>(), resolved.owner_uids),
      formatRfc3339(clock_.wall())};
  if (record && hasMetadata(*record, input)) return writeStatus(*record, input, stop);

  const std::string id = "apply " + kube::objectKey(namespace_, name);
  if (const auto wait = guard_.check(id, record ? record->metadata.resource_version : "")) {
    return Outcome::after(*wait);  // applied already; the store does not show it yet
  }
  // What is not there yet is not ours to take over: then a conflict, and we look again.
  const auto conflicts = record ? kube::Conflicts::kForce : kube::Conflicts::kFail;
  const auto applied = client_.apply(kube::resources::kWorkloads, recordObject(input),
                                     kFieldManager, stop, {}, conflicts);
  if (!applied.ok()) {
    guard_.forget(id);
    if (namespaceGoes(applied.status())) return Outcome::done();
    return Outcome::failed(applied.status().annotated("write record"));
  }
  const auto stored = api::workloadFromJson(*applied);
  if (!stored.ok()) return Outcome::failed(stored.status().annotated("record as stored"));
  input.record = &*stored;
  return writeStatus(*stored, input, stop);
}

Outcome WorkloadReconciler::writeStatus(const api::WorkloadProfile& record,
                                        const WorkloadInput& input, const std::stop_token& stop) {
  const auto patch =
      statusPatch(record.metadata.uid, asStored(record.status), api::toJson(decideStatus(input)));
  if (!patch) return Outcome::done();
  if (const auto wait = guard_.check(record.metadata.uid, record.metadata.resource_version)) {
    return Outcome::after(*wait);  // written already; the store does not show it yet
  }
  const Status written = client_
                             .mergePatch(kube::resources::kWorkloads, record.metadata.namespace_,
                                         record.metadata.name, *patch, stop, "status")
                             .status();
  if (written.ok()) return Outcome::done();
  guard_.forget(record.metadata.uid);
  if (written.code() == Code::kNotFound || namespaceGoes(written)) return Outcome::done();
  return Outcome::failed(written.annotated("write status"));
}

// A record without pods: a workload that is scaled to zero keeps it as long as its policy is there;
// one that is deleted takes it along.
Outcome WorkloadReconciler::tidy(const api::WorkloadProfile& record, const std::stop_token& stop) {
  if (record.metadata.deleting) return Outcome::done();
  const inject::NamespaceState state = index_.namespaceState(record.metadata.namespace_);
  if (!stillThere(state, record.status.policy_ref)) return remove(record, stop);
  const std::string group = groupOf(record);
  const WorkloadEvaluation nothing;
  return writeStatus(record,
                     {record.metadata.namespace_, group.substr(group.find('/') + 1),
                      record.status.workload_ref, nothing, &record, record.status.preflight,
                      record.status.owner_uids, formatRfc3339(clock_.wall())},
                     stop);
}

Outcome WorkloadReconciler::remove(const api::WorkloadProfile& record,
                                   const std::stop_token& stop) {
  const Status removed =
      client_.remove(kube::resources::kWorkloads, record.metadata.namespace_, record.metadata.name,
                     {record.metadata.uid, record.metadata.resource_version}, stop);
  if (!removed.ok() && removed.code() != Code::kNotFound) {
    return Outcome::failed(removed.annotated("delete record"));
  }
  index_.setPreflight(groupOf(record), std::nullopt);
  index_.setAssignment(groupOf(record), std::nullopt);
  guard_.forget(record.metadata.uid);
  guard_.forget("apply " + kube::objectKey(record.metadata.namespace_, record.metadata.name));
  return Outcome::done();
}

Controller workloadController(kube::Client& client, const PodTable& pods, WorkloadIndex& index,
                              const kube::Store<api::WorkloadProfile>& records,
                              std::function<void(const std::string& group)> guessed, int workers,
                              const Clock& clock) {
  return {"workload", makeQueue({Millis(5), std::chrono::minutes(5)}, clock),
          reconcileBy(std::make_shared<WorkloadReconciler>(client, pods, index, records, clock,
                                                           std::move(guessed))),
          workers};
}

}  // namespace profiling::controllers
