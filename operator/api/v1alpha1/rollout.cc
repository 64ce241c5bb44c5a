#include "operator/api/v1alpha1/rollout.h"

#include <algorithm>

#include "operator/api/selector.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/api/v1alpha1/rollout_tables.h"
#include "operator/base/quantity.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::api {
namespace {

const std::string kPath = "/spec/rollout";

Status bad(const std::string& field, const std::string& what) {
  return {Code::kInvalidArgument, "at " + kPath + field + ": " + what};
}

Status checkDuration(const std::string& field, const std::string& text,
                     std::chrono::milliseconds shortest, std::chrono::milliseconds longest,
                     const char* allowed) {
  const auto value = parseDuration(text);
  if (!value.ok()) return value.status().annotated("at " + kPath + field);
  if (*value >= shortest && *value <= longest) return {};
  return bad(field, "'" + printable(text) + "' must be between " + allowed);
}

Status checkSteps(const std::string& field, const std::vector<std::int64_t>& steps) {
  if (steps.empty()) return bad(field, "must hold at least one step, such as [100]");
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i] > steps[i - 1]) continue;
    return bad(field, std::to_string(steps[i]) + " must be more than the step before it (" +
                          std::to_string(steps[i - 1]) + ")");
  }
  return {};
}

}  // namespace

std::optional<std::chrono::milliseconds> timeOfDay(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (!digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::hours(hours) + std::chrono::minutes(minutes);
}

std::optional<std::int64_t> memoryBytes(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = text.substr(digits);
  const bool allowed = unit.empty() || unit == "Ki" || unit == "Mi" || unit == "Gi";
  if (digits == 0 || digits > 9 || !allowed) return std::nullopt;
  return static_cast<std::int64_t>(*parseQuantity(text));
}

Status validate(const RolloutSpec& r, bool cluster) {
  using std::chrono::hours;
  using std::chrono::seconds;
  if (!cluster && !r.order.empty()) {
    return bad("/order", "must be absent: a ProfilingPolicy acts on its own namespace only");
  }
  for (const RolloutWave& wave : r.order) {
    Status status = validate(wave.namespace_selector, kPath + "/order/namespaceSelector");
    if (!status.ok()) return status;
  }
  const auto week = hours(168);
  for (const Status& status :
       {checkSteps("/workloads/steps", r.workloads.steps), checkSteps("/pods/steps", r.pods.steps),
        checkDuration("/pods/soak", r.pods.soak, seconds(0), week, "'0s' and '168h'"),
        checkDuration("/restart/cooldown", r.restart.cooldown, seconds(0), week, "'0s' and '168h'"),
        checkDuration("/gates/readyWithin", r.gates.ready_within, seconds(1), hours(24),
                      "'1s' and '24h'"),
        checkDuration("/gates/profilesWithin", r.gates.profiles_within.value_or("3m"), seconds(1),
                      hours(24), "'1s' and '24h'"),
        checkDuration("/progressDeadline", r.progress_deadline, seconds(1), week,
                      "'1s' and '168h'")}) {
    if (!status.ok()) return status;
  }
  if (r.gates.max_memory_overhead && !memoryBytes(*r.gates.max_memory_overhead)) {
    return bad("/gates/maxMemoryOverhead", "'" + printable(*r.gates.max_memory_overhead) +
                                               "' must be a number of bytes, such as '128Mi'");
  }
  for (std::size_t i = 0; i < r.restart.windows.size(); ++i) {
    const MaintenanceWindow& window = r.restart.windows[i];
    const std::string field = "/restart/windows/" + std::to_string(i);
    if (!timeOfDay(window.start)) {
      return bad(field + "/start",
                 "'" + printable(window.start) + "' must be a time of day in UTC, such as '22:00'");
    }
    Status status = checkDuration(field + "/duration", window.duration, std::chrono::minutes(1),
                                  hours(24), "'1m' and '24h'");
    if (!status.ok()) return status;
  }
  return {};
}

std::size_t waveOf(const std::vector<RolloutWave>& order,
                   const std::map<std::string, std::string>& namespace_labels) {
  const auto found = std::find_if(order.begin(), order.end(), [&](const RolloutWave& wave) {
    return matches(wave.namespace_selector, namespace_labels);
  });
  return static_cast<std::size_t>(found - order.begin());
}

bool immediate(const std::optional<RolloutSpec>& rollout) {
  if (!rollout) return true;
  const std::vector<std::int64_t> all{100};
  return rollout->restart.mode != RestartMode::kManaged && rollout->order.empty() &&
         rollout->workloads.approval == Approval::kNone && rollout->workloads.steps == all &&
         rollout->pods.steps == all;
}

std::string_view stateName(WorkloadState state) {
  return enumName(state);
}
std::string_view verdictName(Verdict verdict) {
  return enumName(verdict);
}
std::string_view attributionName(Attribution attribution) {
  return enumName(attribution);
}
std::string_view restartModeName(RestartMode mode) {
  return enumName(mode);
}

Json toJson(const WorkloadRollout& rollout) {
  return toJsonValue(rollout);
}
Json toJson(const PolicyRollout& rollout) {
  return toJsonValue(rollout);
}

}  // namespace profiling::api
