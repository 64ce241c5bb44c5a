#include "controllers/engine/obstacles.h"

#include <algorithm>

namespace profiling::engine {

const PolicyWideObstacle* policyWideObstacle(PolicyWideObstacle::Stops moves, const Plan& plan,
                                             const World& world, const Budget& budget) {
  const auto* const found = std::ranges::find_if(kPolicyWideObstacles, [&](const auto& obstacle) {
    return obstacle.stops == moves && obstacle.applies(plan, world, budget);
  });
  return found == kPolicyWideObstacles.end() ? nullptr : found;
}

bool isOwnObstacle(const api::RecordedReason& reason) {
  return std::ranges::any_of(kOwnObstacles, [&](api::RolloutReason own) { return reason == own; });
}

bool heldByObstacle(const api::WorkloadRollout& r) {
  return r.state == api::WorkloadState::kPaused &&
         r.verdict.result == api::Verdict::kInconclusive && isOwnObstacle(r.reason);
}

bool waitsWithoutDeadline(const api::RecordedReason& reason) {
  return std::ranges::any_of(kPolicyWideObstacles, [&](const auto& obstacle) {
    return !obstacle.deadline && reason == obstacle.reason;
  });
}

}  // namespace profiling::engine
