#include "operator/cli/status_view.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "operator/api/v1alpha1/phases.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"
#include "operator/cli/progress.h"

namespace profiling::cli {
namespace {

// By enum value; higher sorts later.
constexpr std::array<int, 11> kUrgency{6, 5, 4, 3, 3, 3, 0, 1, 2, 7, 8};
constexpr int kNoRecord = 6;

// Until the controller has seen a retry, the status still shows the failure before it.
constexpr auto kRetrySeenWithin = std::chrono::seconds(15);

int urgency(const api::WorkloadProfile& workload) {
  const auto& rollout = workload.status.rollout;
  return rollout ? kUrgency.at(static_cast<std::size_t>(rollout->state)) : kNoRecord;
}

// The state of its rollout, or the phase of a workload without one.
Tone toneOfState(const api::WorkloadProfile& workload) {
  if (const auto& rollout = workload.status.rollout) {
    switch (rollout->state) {
      case api::WorkloadState::kRollingBack:
      case api::WorkloadState::kRolledBack:
      case api::WorkloadState::kPaused:
        return Tone::kAlarm;
      case api::WorkloadState::kComplete:
        return Tone::kGood;
      case api::WorkloadState::kPending:
      case api::WorkloadState::kSkipped:
        return Tone::kFaint;
      default:
        return Tone::kBusy;
    }
  }
  using enum api::WorkloadPhase;
  const auto phase = api::kWorkloadPhases.find(workload.status.phase);
  if (phase == kProfiled) return Tone::kGood;
  return phase == kIdle || phase == kSkipped ? Tone::kFaint : Tone::kBusy;
}

std::optional<api::PolicyPhase> phaseOf(const Policy& policy) {
  return api::kPolicyPhases.find(policy.status.phase);
}

Tone toneOfPhase(std::optional<api::PolicyPhase> phase) {
  using enum api::PolicyPhase;
  if (phase == kActive) return Tone::kGood;
  if (phase == kHalted || phase == kDegraded || phase == kRollingBack) return Tone::kAlarm;
  return Tone::kBusy;
}

Cell verdictCell(const api::GateVerdict& verdict) {
  const std::string name(api::verdictName(verdict.result));
  switch (verdict.result) {
    case api::Verdict::kNone:
      return "";
    case api::Verdict::kPass:
      return {name, Tone::kGood};
    default:
      return {name, Tone::kAlarm};
  }
}

std::string of(std::int64_t part, std::int64_t all) {
  return all > 0 ? strCat(part, "/", all) : std::string();
}

std::string revisions(const Policy& policy, const Style& style) {
  const std::string& stable = policy.status.stable_revision;
  const std::string& target = policy.target();
  if (target.empty()) return {};
  if (stable == target) return target + " (stable)";
  return (stable.empty() ? "none" : stable) + (style.unicode ? " → " : " -> ") + target;
}

std::string stepText(const Policy& policy) {
  const auto& rollout = policy.status.rollout;
  if (!rollout || rollout->steps == 0) return {};
  std::string text = of(rollout->step, rollout->steps);
  const std::vector<std::int64_t> steps =
      policy.spec.rollout ? policy.spec.rollout->workloads.steps : std::vector<std::int64_t>{100};
  const auto at = static_cast<std::size_t>(rollout->step);
  if (at >= 1 && at <= steps.size()) {
    strAppend(text, " (", steps[at - 1], "% of the workloads)");
  }
  return text;
}

std::string counts(const api::PolicyRollout& r) {
  return strCat(r.pending, " pending, ", r.active, " active, ", r.held, " held, ", r.complete,
                " complete, ", r.failed, " failed, ", r.skipped, " skipped");
}

std::string workloadCounts(const api::ProfilingPolicyStatus& status) {
  if (status.rollout) return counts(*status.rollout);
  return strCat(status.workloads.matched, " matched, ", status.workloads.profiled, " profiled");
}

// Why the rollout does not progress: its own reason, else that of a failing Ready condition.
std::pair<std::string, std::string> reasonOf(const Policy& policy) {
  const auto& rollout = policy.status.rollout;
  if (rollout && !rollout->reason.empty()) {
    return {std::string(rollout->reason.text()), rollout->message};
  }
  for (const api::Condition& condition : policy.status.conditions) {
    if (condition.type == "Ready" && condition.status != "True") {
      return {condition.reason, condition.message};
    }
  }
  return {};
}

std::string phaseText(const Policy& policy) {
  return policy.status.phase.empty() ? "Unknown" : policy.status.phase;
}

// Why the workload is in its state.
std::string reasonOf(const api::WorkloadProfile& workload) {
  if (const auto& rollout = workload.status.rollout) {
    const auto& reason = rollout->reason.empty() ? rollout->verdict.reason : rollout->reason;
    if (!reason.empty()) return std::string(reason.text());
  }
  const auto& skipped = workload.status.skipped_reasons;
  return skipped.empty() ? std::string() : skipped.front().reason;
}

std::string overheadText(const std::optional<api::Overhead>& overhead) {
  if (!overhead) return {};
  constexpr std::int64_t kMi = 1 << 20;
  return strCat("cpu ", overhead->cpu_percent, "%, ", overhead->memory_bytes / kMi, "Mi");
}

}  // namespace

void sortByUrgency(Workloads& workloads) {
  const auto key = [](const api::WorkloadProfile& w) {
    return std::tuple(urgency(w), std::string_view(w.metadata.namespace_),
                      std::string_view(w.status.workload_ref.kind),
                      std::string_view(w.metadata.name));
  };
  std::ranges::stable_sort(workloads, {}, key);
}

std::vector<std::string> headOf(const Policy& policy, const Style& style) {
  const api::ProfilingPolicyStatus& status = policy.status;
  std::string phase = phaseText(policy);
  if (policy.paused() && phaseOf(policy) != api::PolicyPhase::kPaused)
    phase += " (spec.rollout.paused is set)";
  if (policy.stale()) phase += " (stale)";
  const auto [reason, message] = reasonOf(policy);
  Pairs pairs{{"Policy", policy.shortName()},
              {"Namespace", policy.metadata.namespace_},
              {"Phase", Cell(phase, toneOfPhase(phaseOf(policy)))},
              {"Revision", revisions(policy, style)}};
  if (status.rollout && status.rollout->waves > 1) {
    pairs.emplace_back("Wave", of(status.rollout->wave + 1, status.rollout->waves));
  }
  pairs.emplace_back("Step", stepText(policy));
  pairs.emplace_back("Workloads", workloadCounts(status));
  const auto& pods = status.pods;
  pairs.emplace_back(
      "Pods", strCat(progressBar(pods.profiled, pods.matched, style), " profiled, ", pods.ready,
                     " ready, ", pods.outdated, " outdated, ", pods.missed + pods.waiting,
                     " pending, ", pods.skipped, " skipped"));
  pairs.emplace_back("Reason", Cell(reason, Tone::kAlarm));
  pairs.emplace_back("Message", message);
  return render(pairs, style);
}

Table workloadTable(const Workloads& workloads, const WorkloadColumns& columns, WallTime now,
                    const Style& style) {
  Table table;
  if (columns.namespaces) table.headers.emplace_back("NAMESPACE");
  for (const char* header : {"WORKLOAD", "STATE", "STEP", "PODS", "VERDICT", "REASON", "AGE"}) {
    table.headers.emplace_back(header);
  }
  if (columns.wide) {
    for (const char* header : {"STABLE", "TARGET", "ASSIGNED", "OVERHEAD", "FAULT", "MESSAGE"}) {
      table.headers.emplace_back(header);
    }
  }
  const api::WorkloadRollout none;
  for (const api::WorkloadProfile& w : workloads) {
    const api::WorkloadRollout& r = w.status.rollout ? *w.status.rollout : none;
    const std::string state = stateOf(w);
    std::vector<Cell> row;
    if (columns.namespaces) row.emplace_back(w.metadata.namespace_);
    row.emplace_back(shortName(w));
    row.emplace_back(state, toneOfState(w));
    row.emplace_back(of(r.step, r.steps));
    row.emplace_back(progressBar(w.status.pods.profiled, w.status.pods.total, style));
    row.push_back(verdictCell(r.verdict));
    row.emplace_back(reasonOf(w));
    row.emplace_back(age(r.since, now));
    if (columns.wide) {
      const bool fault = r.verdict.attribution != api::Attribution::kNone;
      row.emplace_back(r.stable_revision);
      row.emplace_back(r.target_revision);
      row.emplace_back(r.assigned_revision);
      row.emplace_back(overheadText(r.overhead));
      row.emplace_back(fault ? std::string(api::attributionName(r.verdict.attribution)) : "");
      row.emplace_back(r.message.empty() ? r.verdict.message : r.message);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<std::string> statusLines(const Policy& policy, const Workloads& workloads, bool wide,
                                     WallTime now, const Style& style) {
  std::vector<std::string> lines = headOf(policy, style);
  lines.emplace_back();
  if (workloads.empty()) {
    lines.emplace_back("This policy applies to no workloads.");
    return lines;
  }
  const auto table = render(workloadTable(workloads, {policy.cluster, wide}, now, style), style);
  lines.insert(lines.end(), table.begin(), table.end());
  return lines;
}

Table policyTable(const std::vector<Policy>& policies, bool namespaces, const Style& style) {
  Table table;
  if (namespaces) table.headers.emplace_back("NAMESPACE");
  for (const char* header :
       {"POLICY", "PHASE", "REVISION", "STEP", "WORKLOADS", "PODS", "REASON"}) {
    table.headers.emplace_back(header);
  }
  for (const Policy& policy : policies) {
    const api::ProfilingPolicyStatus& s = policy.status;
    std::vector<Cell> row;
    if (namespaces) row.emplace_back(policy.metadata.namespace_);
    row.emplace_back(policy.shortName());
    row.emplace_back(phaseText(policy), toneOfPhase(phaseOf(policy)));
    row.emplace_back(policy.target());
    row.emplace_back(s.rollout ? of(s.rollout->step, s.rollout->steps) : std::string());
    row.emplace_back(s.rollout ? of(s.rollout->complete, s.workloads.matched)
                               : of(s.workloads.profiled, s.workloads.matched));
    row.emplace_back(progressBar(s.pods.profiled, s.pods.matched, style));
    row.emplace_back(reasonOf(policy).first, Tone::kAlarm);
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string policyLine(const Policy& policy) {
  std::string text = policy.shortName() + ": " + phaseText(policy);
  if (!policy.target().empty()) text += ", revision " + policy.target();
  if (const auto& r = policy.status.rollout) {
    if (r->waves > 1) text += ", wave " + of(r->wave + 1, r->waves);
    if (r->steps > 0) text += ", step " + of(r->step, r->steps);
    text += ", workloads " + counts(*r);
  }
  const auto [reason, message] = reasonOf(policy);
  if (!reason.empty()) text += ": " + reason;
  if (!message.empty()) text += ": " + message;
  return printable(text, 1024);
}

std::string workloadLine(const api::WorkloadProfile& workload, bool namespaces) {
  std::string text = namespaces ? workload.metadata.namespace_ + "/" : std::string();
  text += shortName(workload) + ": " + stateOf(workload);
  if (const auto& r = workload.status.rollout) {
    if (r->steps > 0) text += ", step " + of(r->step, r->steps);
    if (r->verdict.result != api::Verdict::kNone) {
      text += ", verdict " + std::string(api::verdictName(r->verdict.result));
    }
  }
  strAppend(text, ", pods ", workload.status.pods.profiled, "/", workload.status.pods.total);
  const std::string reason = reasonOf(workload);
  return printable(reason.empty() ? text : text + ": " + reason, 1024);
}

std::optional<int> outcome(const Policy& policy, WallTime now) {
  if (policy.stale()) return std::nullopt;
  const auto phase = phaseOf(policy);
  if (phase == api::PolicyPhase::kActive || phase == api::PolicyPhase::kObserving) return 0;
  if (phase != api::PolicyPhase::kHalted) return std::nullopt;
  const auto retry = policy.metadata.annotations.find(std::string(api::kRetryKey));
  if (retry != policy.metadata.annotations.end()) {
    const auto asked = parseRfc3339(retry->second);
    if (asked && now - *asked < kRetrySeenWithin) return std::nullopt;
  }
  return 1;
}

}  // namespace profiling::cli
