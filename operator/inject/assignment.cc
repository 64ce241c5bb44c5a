#include "operator/inject/assignment.h"

#include <algorithm>
#include <charconv>

namespace profiling::inject {
namespace {

using Policy = std::shared_ptr<const api::EffectivePolicy>;

Policy revisionOf(const Policy& current, const std::string& hash) {
  if (hash.empty()) return nullptr;
  return hash == current->revision ? current : current->at(hash);
}

RevisionChoice refused(Reason reason) {
  return {nullptr, reason, false};
}

bool isOf(const Assignment& a, const api::EffectivePolicy& policy) {
  return a.policy_name == policy.policy.metadata.name && a.policy_kind == api::policyKind(policy);
}

bool hasPlace(const Assignment& a, const Share& share) {
  const std::int64_t left = *a.target_pods - share.live;
  const std::int64_t replicas = std::max<std::int64_t>(share.replicas, 1);
  return left > 0 && share.pending < (left + replicas - 1) / replicas;
}

}  // namespace

std::optional<Assignment> assignmentOf(const api::WorkloadProfile& record) {
  const auto& rollout = record.status.rollout;
  if (!rollout || !record.status.policy_ref) return std::nullopt;
  return Assignment{record.status.policy_ref->kind,
                    record.status.policy_ref->name,
                    rollout->target_revision,
                    rollout->stable_revision,
                    rollout->assigned_revision,
                    rollout->rejected_revision,
                    rollout->target_pods,
                    rollout->first_ordinal,
                    record.spec.skip || record.spec.paused || !record.spec.pin.empty()};
}

KnownOfWorkload knownOf(const api::WorkloadProfile& record) {
  const auto& preflight = record.status.preflight;
  return {record.status.detected,
          preflight ? preflight->config_maps : std::vector<api::ConfigMapNames>()};
}

RevisionChoice chooseRevision(const Policy& current, const Assignment* assignment,
                              std::int64_t ordinal, const Share& share) {
  const api::ProfilingPolicy& policy = current->policy;
  const bool at_once =
      api::immediate(policy.spec.rollout) && !(policy.spec.rollout && policy.spec.rollout->paused);
  if (assignment == nullptr || !isOf(*assignment, *current)) {
    if (at_once) return {current, Reason::kInjected, false};
    const Policy stable = revisionOf(current, policy.status.stable_revision);
    return stable ? RevisionChoice{stable, Reason::kInjected, false}
                  : refused(Reason::kAwaitingRollout);
  }
  const Assignment& a = *assignment;
  const bool unknown = a.target != current->revision && a.rejected != current->revision;
  // Overhead may have made the target a reduced revision of the current one.
  const auto& reduced = current->reduced;
  const bool newer = unknown && a.assigned != current->revision &&
                     std::ranges::find(reduced, a.target) == reduced.end();
  if (at_once && newer && !a.held) return {current, Reason::kInjected, false};

  const Reason none = a.rejected.empty() ? Reason::kAwaitingRollout : Reason::kRolledBack;
  if (a.assigned.empty()) return refused(none);
  bool inside = true;
  bool counted = false;
  if (a.first_ordinal && ordinal >= 0) {
    inside = ordinal >= *a.first_ordinal;
  } else if (a.target_pods) {
    inside = hasPlace(a, share);
    counted = inside;
  }
  const std::string& wanted = inside ? a.assigned : a.stable;
  if (wanted.empty()) return refused(Reason::kOutsideShare);
  if (const Policy chosen = revisionOf(current, wanted)) {
    return {chosen, Reason::kInjected, counted};
  }
  return refused(none);
}

std::int64_t ordinalOf(std::string_view pod_name) {
  const std::size_t dash = pod_name.rfind('-');
  if (dash == std::string_view::npos) return -1;
  const std::string_view digits = pod_name.substr(dash + 1);
  std::uint32_t number = 0;  // unsigned, so that a sign is no number
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? std::int64_t{number} : -1;
}

std::int64_t ordinalOf(std::string_view kind, std::string_view pod_name) {
  return kind == "StatefulSet" ? ordinalOf(pod_name) : -1;
}

}  // namespace profiling::inject
