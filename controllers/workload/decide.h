// The WorkloadProfile that a workload should have. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controllers/events/event.h"
#include "controllers/workload/evaluate.h"
#include "operator/api/v1alpha1/workload.h"

namespace profiling::controllers {

struct WorkloadInput {
  std::string namespace_;
  std::string group;  // "Kind/name"
  api::WorkloadRef workload;
  const WorkloadEvaluation& evaluation;
  const api::WorkloadProfile* record = nullptr;  // null: there is none yet
  std::optional<api::Preflight> preflight;       // the current one
  std::vector<std::string> owner_uids;           // that belong to the workload, newest last
  std::string now;                               // RFC 3339
};

// Whether the workload needs a record: a policy matches, or pods still carry an agent.
bool wantsRecord(const WorkloadEvaluation& evaluation);

// The metadata to apply: name, owner, labels. hasMetadata(): whether `record` has it already.
nlohmann::json recordObject(const WorkloadInput& input);
bool hasMetadata(const api::WorkloadProfile& record, const WorkloadInput& input);

// Phase, counts, reasons and the condition Profiled, whose reason is one of inject::Reason or
// AllProfiled, PodsMissed, PodsWaiting, PodsOutdated, AwaitingRollout, Observed, NoPods, NoPolicy.
api::WorkloadProfileStatus decideStatus(const WorkloadInput& input);

// One event on the workload for each trouble with an agent that its pods now start without, where
// `before` shows none of that kind.
std::vector<Event> leftAloneEvents(const api::WorkloadProfile& record,
                                   const api::WorkloadProfileStatus& before,
                                   const api::WorkloadProfileStatus& after);

// The most frequent reasons first, at most kMaxSkippedReasons.
std::vector<api::SkippedReason> topReasons(const std::map<inject::Reason, std::int64_t>& skipped);

}  // namespace profiling::controllers
