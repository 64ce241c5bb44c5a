#include "controllers/engine/engine.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "controllers/engine/machine.h"
#include "controllers/engine/obstacles.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"

namespace profiling::engine {
namespace {

using State = api::WorkloadState;
using PolicyReason = api::PolicyRolloutReason;

constexpr Duration kWebhookPoll{std::chrono::seconds(10)};

bool active(const api::WorkloadRollout& r) {
  return r.state == State::kBaselining || r.state == State::kStepping ||
         r.state == State::kSoaking || r.state == State::kEvaluating ||
         (r.state == State::kPreflight && r.step > 0);
}

class Coordinator {
 public:
  Coordinator(const Plan& plan, const World& world) : plan_(plan), world_(world) {}

  Decision run() {
    order_.resize(world_.workloads.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      const auto key = [&](std::size_t i) {
        const Workload& w = world_.workloads[i];
        // Workloads under way come before those that would begin.
        return std::make_tuple(!active(w.record), w.wave, w.bucket, std::string_view(w.key));
      };
      return key(a) < key(b);
    });
    startOver();
    shareSlots();
    change_of_.assign(world_.workloads.size(), kNoChange);
    for (const std::size_t i : order_) {
      const Workload& w = world_.workloads[i];
      if (settled(plan_, w)) continue;
      // With its owner read, a workload is decided on as a whole: a slot may have gone meanwhile.
      if (!w.pods && !w.owner && queuedForTurn(plan_, w) && waitsUnchanged(w)) continue;
      Change change = advance(plan_, world_, i, inTurn(w), budget_);
      // A failure stops the workloads that would begin after it in this same pass.
      if (failed(plan_, change.record) && !failed(plan_, world_.workloads[i].record)) {
        ++failures_;
        budget_.frozen = failures_ >= plan_.failure_budget;
      }
      if (change.differs || !change.actions.empty() || change.wants_owner) {
        change_of_[i] = out_.changes.size();
        out_.changes.push_back(std::move(change));
      }
    }
    out_.stable = plan_.stable;
    if (!plan_.revisions.empty()) summarise();
    out_.policy = std::move(policy_);
    out_.again = budget_.again;
    return std::move(out_);
  }

 private:
  // A new target begins at the first step of the first wave.
  void startOver() {
    policy_ = world_.record;
    policy_.waves = static_cast<std::int64_t>(plan_.waves);
    policy_.steps = static_cast<std::int64_t>(plan_.workload_steps.size());
    const std::string target = plan_.revisions.empty() ? std::string() : plan_.revisions.front();
    if (policy_.revision != target || policy_.step < 1) {
      policy_.revision = target;
      policy_.wave = 0;
      policy_.step = 1;
      policy_.step_since = timeText(world_.now);
    }
    policy_.step = std::min(policy_.step, std::max<std::int64_t>(policy_.steps, 1));
    policy_.wave = std::min(policy_.wave, std::max<std::int64_t>(policy_.waves - 1, 0));
    readPromotion();
    lowest_.assign(plan_.waves, 10000);
    for (const Workload& w : world_.workloads) {
      if (w.wave < lowest_.size() && !w.unsupported) {
        lowest_[w.wave] = std::min(lowest_[w.wave], w.bucket);
      }
    }
  }

  // "<revision>/<wave>/<step>": from that step on; "<revision>": everything at once.
  void readPromotion() {
    const std::vector<std::string_view> parts = split(plan_.promoted, '/');
    if (policy_.revision.empty() || parts.front() != policy_.revision) return;
    if (parts.size() == 1) {
      promoted_ = {policy_.waves - 1, policy_.steps};
    } else if (parts.size() == 3) {
      const auto number = [](std::string_view text) {
        return text.empty() || text.size() > 6 ||
                       text.find_first_not_of("0123456789") != std::string_view::npos
                   ? std::int64_t{-1}
                   : std::stoll(std::string(text));
      };
      promoted_ = {number(parts[1]), number(parts[2])};
    }
    if (promoted_ > std::make_pair(policy_.wave, policy_.step)) {
      policy_.wave = std::min(promoted_.first, policy_.waves - 1);
      policy_.step = std::clamp<std::int64_t>(promoted_.second, 1, policy_.steps);
      policy_.step_since = timeText(world_.now);
    }
  }

  bool inTurn(const Workload& w) const {
    if (plan_.revisions.empty()) return true;
    if (!w.overrides.pin.empty() || plan_.immediate()) return true;
    const auto wave = static_cast<std::int64_t>(w.wave);
    if (wave > policy_.wave) return false;
    const auto step =
        static_cast<std::int64_t>(stepOf(plan_.workload_steps, w.bucket, lowest_[w.wave]));
    return step != 0 && (wave < policy_.wave || step <= policy_.step);
  }

  // The workloads restarting longest keep their slots; the rest wait if the budget was lowered.
  void shareSlots() {
    budget_.window = windowAt(plan_.windows, world_.now);
    if (!budget_.window.open) keepEarlier(budget_.again, budget_.window.changes);
    // No event of a workload reports that the webhook is back.
    if (!world_.sources.webhook.empty()) keepEarlier(budget_.again, world_.now + kWebhookPoll);
    budget_.acts.assign(world_.workloads.size(), false);
    budget_.probed = world_.probed_elsewhere;
    std::int64_t slots = plan_.max_parallel;
    if (world_.max_restarting > 0) {
      slots = std::min(slots, world_.max_restarting - world_.restarting_elsewhere);
    }
    if (world_.max_in_namespace > 0) {
      slots = std::min(slots, world_.max_in_namespace - world_.restarting_in_namespace);
    }
    std::vector<std::size_t> held;
    for (std::size_t i = 0; i < world_.workloads.size(); ++i) {
      const api::WorkloadRollout& r = world_.workloads[i].record;
      if (failed(plan_, r)) ++failures_;
      if (restarting(r)) held.push_back(i);
      if (r.probe) recordProbe(world_.workloads[i].images);
    }
    budget_.frozen = failures_ >= plan_.failure_budget;
    std::sort(held.begin(), held.end(), [&](std::size_t a, std::size_t b) {
      const Workload& x = world_.workloads[a];
      const Workload& y = world_.workloads[b];
      const int priority = slotPriority(x.record);
      if (priority != slotPriority(y.record)) return priority < slotPriority(y.record);
      // Where pods were replaced in an earlier state, the workload replaced last is still moving.
      if (priority == 2 && x.record.last_restart != y.record.last_restart) {
        return x.record.last_restart > y.record.last_restart;
      }
      return std::tie(x.record.since, x.bucket, x.key) < std::tie(y.record.since, y.bucket, y.key);
    });
    for (const std::size_t i : held) {
      if (slots <= 0) break;
      budget_.acts[i] = true;
      --slots;
    }
    budget_.slots = slots;
    countReplacements();
  }

  // What replacing pods has brought so far. A workload that takes no further part does not count.
  void countReplacements() {
    for (const Workload& w : world_.workloads) {
      const auto& r = w.record.replacements;
      if (!r || w.overrides.paused || w.overrides.skip || w.record.state == State::kSkipped ||
          failed(plan_, w.record)) {
        continue;
      }
      budget_.fruitless += r->fruitless;
      if (!r->since.empty()) {
        ++budget_.awaited;
      } else if (r->fruitless == 0) {
        ++budget_.proven;
      }
      if (r->fruitless == 0) continue;
      budget_.last_fruitless =
          std::max(budget_.last_fruitless, timeOf(r->next) - pauseAfter(plan_, r->fruitless));
    }
  }

  // While the only pod of a workload is away, its image is not known: then no other probe begins.
  void recordProbe(const std::vector<std::string>& images) {
    budget_.probed.insert(budget_.probed.end(), images.begin(), images.end());
    for (const World::Seen& q : world_.quarantine) {
      if (images.empty()) budget_.probed.push_back(q.what.image);
    }
  }

  // 0 comes first. A workload whose pods are away keeps its slot before one that waits for a slot:
  // a step never begins without a slot, a rollback does.
  int slotPriority(const api::WorkloadRollout& r) const {
    if (r.state == State::kStepping) return 0;
    const Time last = timeOf(r.last_restart);
    if (r.last_restart.empty() || last > world_.now) return 3;
    if (r.last_restart >= r.since) return 1;
    return world_.now - last < plan_.gates.ready_within ? 2 : 3;
  }

  // Whether a workload that is queuedForTurn() still waits for the same thing. Its own obstacles
  // come later, so only the policy-wide ones matter.
  bool waitsUnchanged(const Workload& w) const {
    if (w.record.state == State::kPending) return !inTurn(w);
    using Stops = PolicyWideObstacle::Stops;
    for (const Stops moves : {Stops::kAllMoves, Stops::kReplacements, Stops::kNewSlots}) {
      if (moves != Stops::kAllMoves && plan_.mode != api::RestartMode::kManaged) return false;
      const PolicyWideObstacle* obstacle = policyWideObstacle(moves, plan_, world_, budget_);
      if (obstacle != nullptr) return w.record.reason == obstacle->reason;
    }
    return false;
  }

  // The record after this pass. Most records do not change and are not copied.
  const api::WorkloadRollout& recordOf(std::size_t i) const {
    return change_of_[i] == kNoChange ? world_.workloads[i].record
                                      : out_.changes[change_of_[i]].record;
  }

  void summarise() {
    policy_.pending = policy_.active = policy_.held = policy_.complete = policy_.failed =
        policy_.skipped = 0;
    bool step_done = true;
    std::int64_t blocked = 0;  // held until a user decides
    for (std::size_t i = 0; i < world_.workloads.size(); ++i) {
      const api::WorkloadRollout& r = recordOf(i);
      const bool mine = inTurn(world_.workloads[i]);
      if (mine && !concluded(plan_, r)) step_done = false;
      if (mine && r.state == State::kPaused && !concluded(plan_, r)) ++blocked;
      countState(r);
    }
    explain(blocked);
    // The workloads of a new policy have no records yet: that is not success.
    if (!step_done || world_.workloads.empty()) return;
    const bool last = policy_.step >= policy_.steps && policy_.wave + 1 >= policy_.waves;
    if (last) {
      const bool proven = policy_.complete > 0 && policy_.failed == 0 && policy_.held == 0;
      if (proven) out_.stable = policy_.revision;
      return;
    }
    if (budget_.frozen || plan_.paused) return;
    const auto next = policy_.step < policy_.steps
                          ? std::make_pair(policy_.wave, policy_.step + 1)
                          : std::make_pair(policy_.wave + 1, std::int64_t{1});
    if (plan_.approval && promoted_ < next) {
      policy_.reason = PolicyReason::kAwaitingApproval;
      policy_.message =
          strCat("wave ", next.first, ", step ", next.second, " waits to be promoted");
      return;
    }
    std::tie(policy_.wave, policy_.step) = next;
    policy_.step_since = timeText(world_.now);
    keepEarlier(budget_.again, world_.now);
  }

  void countState(const api::WorkloadRollout& r) {
    if (failed(plan_, r)) {
      ++policy_.failed;
    } else if (r.state == State::kComplete) {
      ++policy_.complete;
    } else if (r.state == State::kSkipped) {
      ++policy_.skipped;
    } else if (r.state == State::kPaused || r.reason == api::RolloutReason::kPausedByUser) {
      ++policy_.held;
    } else if (active(r)) {
      ++policy_.active;
    } else {
      ++policy_.pending;
    }
  }

  void explain(std::int64_t blocked) {
    policy_.reason = {};
    policy_.message.clear();
    if (!plan_.aborted.empty() && plan_.aborted == policy_.revision) {
      policy_.reason = PolicyReason::kAborted;
      policy_.message =
          strCat("revision ", policy_.revision, " was aborted; the next revision starts over");
    } else if (budget_.frozen && !plan_.immediate()) {
      policy_.reason = PolicyReason::kFailureBudgetSpent;
      policy_.message =
          strCat(policy_.failed, " workloads failed; rollout.workloads.failureBudget is ",
                 plan_.failure_budget, firstFailed());
    } else if (plan_.paused) {
      policy_.reason = PolicyReason::kPaused;
      policy_.message = "rollout.paused is true";
    } else if (!budget_.window.open && plan_.mode == api::RestartMode::kManaged &&
               policy_.active + policy_.pending > 0) {
      policy_.reason = PolicyReason::kOutsideWindow;
      policy_.message = budget_.window.changes ? strCat("the next maintenance window opens at ",
                                                        timeText(*budget_.window.changes))
                                               : "no maintenance window opens any more";
    } else if (blocked > 0) {
      policy_.reason = PolicyReason::kInconclusive;
      policy_.message = strCat(blocked, " workloads are held by an inconclusive verdict");
    }
  }

  std::string firstFailed() const {
    for (const std::size_t i : order_) {
      if (!failed(plan_, recordOf(i))) continue;
      return strCat(": ", world_.workloads[i].key, " (", recordOf(i).verdict.reason.text(), ")");
    }
    return {};
  }

  const Plan& plan_;
  const World& world_;
  static constexpr std::size_t kNoChange = static_cast<std::size_t>(-1);
  std::vector<std::size_t> order_;
  std::vector<std::size_t> change_of_;  // by workload: index into out_.changes
  std::vector<std::uint32_t> lowest_;   // bucket of each wave, so that no step is empty
  Budget budget_;
  std::int64_t failures_ = 0;
  std::pair<std::int64_t, std::int64_t> promoted_{-1, -1};
  api::PolicyRollout policy_;
  Decision out_;
};

}  // namespace

Decision decide(const Plan& plan, const World& world) {
  if (plan.observes) return {{}, world.record, plan.stable, std::nullopt};
  return Coordinator(plan, world).run();
}

}  // namespace profiling::engine
