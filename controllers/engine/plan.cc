#include <algorithm>
#include <string>

#include "controllers/engine/machine.h"
#include "controllers/engine/obstacles.h"
#include "controllers/engine/times.h"

namespace profiling::engine {

bool Plan::immediate() const {
  return mode != api::RestartMode::kManaged && !approval && waves <= 1 &&
         workload_steps.size() == 1 && workload_steps.front() == 100 && pod_steps.size() == 1 &&
         pod_steps.front() == 100;
}

// FNV-1a: the same on every platform and in every version.
std::uint32_t bucketOf(std::string_view policy_uid, std::string_view workload_key) {
  std::uint32_t hash = 2166136261U;
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  };
  mix(policy_uid);
  mix("/");
  mix(workload_key);
  // FNV's low digits depend too much on the last bytes of names that differ only in a number.
  hash ^= hash >> 16;
  hash *= 0x85ebca6bU;
  hash ^= hash >> 13;
  return hash % 10000;
}

std::size_t stepOf(const std::vector<std::int64_t>& steps, std::uint32_t bucket,
                   std::uint32_t lowest) {
  if (bucket == lowest) return 1;
  const auto in =
      std::ranges::find_if(steps, [&](std::int64_t percent) { return bucket < percent * 100; });
  return in == steps.end() ? 0 : static_cast<std::size_t>(in - steps.begin()) + 1;
}

std::int64_t podsOfStep(std::int64_t total, std::int64_t percent) {
  if (percent >= 100 || total <= 1) return total;
  return std::clamp<std::int64_t>((total * percent + 99) / 100, 1, total - 1);
}

namespace {

constexpr Duration kSlotPatience{std::chrono::minutes(30)};

// Nobody has requested anything, and nothing fails.
bool undisturbed(const Plan& plan, const Workload& w) {
  const bool asked = w.overrides.skip || w.overrides.paused || !w.overrides.pin.empty() ||
                     !plan.aborted.empty() || plan.revisions.empty();
  return w.steady && !asked && !w.unsupported && w.kind != "Job" && w.kind != "CronJob";
}

// Whether the record holds what the plan says.
bool recorded(const Plan& plan, const api::WorkloadRollout& r) {
  return r.target_revision == plan.revisions.front() && r.restart_mode == plan.mode &&
         r.max_unavailable == plan.max_unavailable &&
         r.steps == static_cast<std::int64_t>(plan.pod_steps.size());
}

}  // namespace

std::optional<std::string> steadyRevision(const Pods& pods) {
  if (pods.empty()) return std::nullopt;
  for (const Pod& pod : pods) {
    if (!pod.ready || pod.deleting || pod.failure || pod.restarts > 0 || !pod.eligible ||
        pod.revision != pods.front().revision) {
      return std::nullopt;
    }
  }
  return pods.front().revision;
}

bool queuedForTurn(const Plan& plan, const Workload& w) {
  const api::WorkloadRollout& r = w.record;
  const bool plain = undisturbed(plan, w) && w.images.empty() && recorded(plan, r) &&
                     r.rejected_revision != r.target_revision && r.last_restart.empty() &&
                     r.assigned_revision == r.stable_revision && !r.target_pods;
  if (!plain) return false;
  if (r.state == api::WorkloadState::kPending) return r.reason == api::RolloutReason::kNotYet;
  return r.state == api::WorkloadState::kPreflight && r.step == 0 && waitsWithoutDeadline(r.reason);
}

bool settled(const Plan& plan, const Workload& w) {
  if (!undisturbed(plan, w)) return false;
  const api::WorkloadRollout& r = w.record;
  if (r.state == api::WorkloadState::kComplete) {
    return recorded(plan, r) && *w.steady == r.target_revision &&
           r.assigned_revision == r.target_revision && r.reason.empty();
  }
  return plan.immediate() && r.target_revision.empty() && w.steady->empty() && w.images.empty();
}

bool needsPods(const Plan& plan, const Workload& w) {
  return !settled(plan, w) && !queuedForTurn(plan, w);
}

bool restarting(const api::WorkloadRollout& record) {
  return record.restart_mode == api::RestartMode::kManaged &&
         (record.state == api::WorkloadState::kStepping ||
          record.state == api::WorkloadState::kRollingBack);
}

bool holdsSlot(const api::WorkloadRollout& record, Time now) {
  if (!restarting(record)) return false;
  const std::string& last = record.last_restart.empty() ? record.since : record.last_restart;
  return last.empty() || now - timeOf(last) < kSlotPatience;
}

WindowState windowAt(const std::vector<Window>& windows, Time now) {
  if (windows.empty()) return {true, std::nullopt};
  using std::chrono::days;
  const auto today = std::chrono::floor<days>(now);
  std::optional<Time> next;
  // Yesterday's window may reach into today; the week ahead holds the start of every window.
  for (int day = -1; day <= 7; ++day) {
    const auto date = today + days(day);
    const unsigned weekday = std::chrono::weekday(date).iso_encoding() - 1;
    for (const Window& window : windows) {
      if (!window.days.at(weekday)) continue;
      const Time start = date + window.start;
      if (now >= start && now < start + window.length) return {true, start + window.length};
      if (start > now && (!next || start < *next)) next = start;
    }
  }
  return {false, next};
}

}  // namespace profiling::engine
