#include "controllers/rollout/refusals.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "controllers/rollout/perform.h"
#include "operator/base/backoff.h"
#include "operator/base/log.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"

namespace profiling::controllers {
namespace {

using Millis = std::chrono::milliseconds;

constexpr Millis kShortest{5'000};
constexpr Millis kLongest{300'000};
constexpr Millis kForgotten{3'600'000};  // nothing was asked for so long
constexpr int kGrowth = 2;               // a server in trouble or a budget is often well soon
constexpr Millis kWatched{60'000};       // by then a watch shows what went

// An answer that was lost, or an error of the server, says nothing of what was done.
bool isDefinite(const Status& why) {
  return why.code() == Code::kRateLimited || why.code() == Code::kPermissionDenied ||
         why.code() == Code::kInvalidArgument;
}

// Only evictions are refused for a PodDisruptionBudget, with 429.
engine::Setback setbackOf(const engine::Action& action, const Status& why,
                          const std::string& words) {
  if (action.kind == engine::Action::Kind::kEvict && why.code() == Code::kRateLimited) {
    return {api::RolloutReason::kDisruptionBudgetExhausted,
            "the API server refuses to evict its pods: " + words};
  }
  return {api::RolloutReason::kActionRefused,
          strCat("the API server refuses to ", actionName(action.kind),
                 action.pod.empty() ? " the workload" : " its pods", ": ", words)};
}

}  // namespace

Millis Refusals::add(const std::string& workload, const engine::Action& action, const Status& why) {
  const std::string words = printable(why.message(), kMostWords);
  log::warn("The API server refused what a rollout asked for", {{"workload", workload},
                                                                {"action", actionName(action.kind)},
                                                                {"pod", action.pod},
                                                                {"answer", words}});
  const MutexLock lock(mutex_);
  if (!isDefinite(why)) nothing_went_.erase(workload);
  Refused& refused = refused_[workload];
  refused.why = setbackOf(action, why, words);
  const Millis wait = growingWait(kShortest, ++refused.times, kLongest, kGrowth);
  refused.until = clock_.steady() + wait;
  if (!action.uid.empty()) refused.pods.insert(action.uid);
  return wait;
}

void Refusals::done(const std::string& workload) {
  const MutexLock lock(mutex_);
  refused_.erase(workload);
  nothing_went_.erase(workload);
}

void Refusals::nothingWent(const std::string& workload) {
  const MutexLock lock(mutex_);
  nothing_went_[workload] = clock_.steady() + kWatched;
}

std::optional<Millis> Refusals::mark(engine::World& world) {
  const MutexLock lock(mutex_);
  std::optional<Millis> ends;
  if (refused_.empty() && nothing_went_.empty()) return ends;
  const SteadyTime now = clock_.steady();
  std::erase_if(nothing_went_, [&](const auto& each) { return now > each.second; });
  std::erase_if(refused_, [&](const auto& each) { return now > each.second.until + kForgotten; });
  for (engine::Workload& w : world.workloads) {
    w.nothing_went = nothing_went_.contains(w.key);
    const auto found = refused_.find(w.key);
    if (found == refused_.end() || now >= found->second.until) continue;
    w.setback = found->second.why;
    const auto left = std::chrono::ceil<Millis>(found->second.until - now) + Millis(1);
    ends = std::min(ends.value_or(left), left);
    if (!w.pods) continue;
    engine::Pods pods = *w.pods;
    for (engine::Pod& pod : pods) pod.refused = found->second.pods.contains(pod.uid);
    w.pods = std::make_shared<const engine::Pods>(std::move(pods));
  }
  return ends;
}

}  // namespace profiling::controllers
