#include "tests/simulate/schedule.h"

#include <cstdio>

namespace profiling::simulate {
namespace {

using Kind = Step::Kind;

// A schedule is over once nothing has happened for this long.
constexpr Ms kRest = 2 * kHour;

class Schedule {
 public:
  Schedule(const Scenario& scenario, const Decide& decide, bool trace)
      : scenario_(scenario),
        trace_(trace),
        decide_([this, &decide](const auto& p, const auto& w) { return decide(p, w); }),
        webhook_(scenario, scenario.workloads.size()),
        cluster_(
            scenario, events_, [this](std::size_t w, const SimPod& pod) { return admit(w, pod); },
            [this](std::size_t w) { controller_.podsChanged(w); },
            [this](std::size_t w, const SimPod& pod, bool came) {
              webhook_.podCounted(w, pod, came, events_.now());
              if (came) invariants_.came(w, pod.revision);
            }),
        invariants_(scenario, events_, cluster_, store_, webhook_, decide_),
        watcher_(*this),
        controller_(scenario, events_, cluster_, store_, decide_, watcher_, late_) {}

  Outcome run() {
    begin();
    bool in_time = true;
    while (!events_.empty() && !invariants_.violation()) {
      const Event event = events_.take();
      if (event.at > scenario_.horizon || controller_.decisions() > kMostDecisions) {
        in_time = false;
        break;
      }
      if (event.at - changed_ > kRest && event.at > last_step_ + kRest) break;
      handle(event);
    }
    if (!invariants_.violation()) invariants_.ended(in_time);
    Outcome out;
    out.violation = invariants_.violation();
    for (const StoredRecord& r : store_.records) {
      out.ends.push_back(std::string(api::stateName(r.rollout.state)) + " assigned '" +
                         r.rollout.assigned_revision + "' rejected '" +
                         r.rollout.rejected_revision + "'");
    }
    out.decisions = controller_.decisions();
    out.overshoot = invariants_.overshoot();
    out.time = events_.now();
    return out;
  }

 private:
  static constexpr std::uint64_t kMostDecisions = 50'000;

  // Passes events to the invariants, the webhook and, if enabled, the trace.
  class Watcher : public Observer {
   public:
    explicit Watcher(Schedule& s) : s_(s) {}
    void decided(const engine::Plan& plan, const engine::World& world,
                 const engine::Decision& result) override {
      s_.invariants_.decided(plan, world, result);
    }
    void written(std::size_t w, const api::WorkloadRollout& a,
                 const api::WorkloadRollout& b) override {
      s_.changed_ = s_.events_.now();
      if (s_.trace_) s_.traceRecord(w, b);
      s_.webhook_.recordWritten(w, b, s_.events_.now());
      s_.invariants_.written(w, a, b);
    }
    void acting(const engine::Plan& plan, std::size_t w, const engine::Action& action) override {
      s_.changed_ = s_.events_.now();
      if (s_.trace_) s_.traceAction(w, action);
      s_.invariants_.acting(plan, w, action);
    }

   private:
    Schedule& s_;
  };

  void begin() {
    store_.plan = scenario_.plan;
    store_.stable = scenario_.plan.stable;
    store_.records.resize(scenario_.workloads.size());
    for (std::size_t i = 0; i < store_.records.size(); ++i) {
      api::WorkloadRollout& r = store_.records[i].rollout;
      if (!store_.stable.empty()) {
        r.state = api::WorkloadState::kComplete;
        r.target_revision = r.stable_revision = r.assigned_revision = store_.stable;
      }
      webhook_.recordWritten(i, r, -kHour);
    }
    cluster_.fill();
    for (std::size_t i = 0; i < scenario_.script.size(); ++i) {
      if (scenario_.undisturbed && scenario_.script[i].kind == Kind::kKill) continue;
      events_.plan(scenario_.script[i].at, Event::Kind::kScript, i);
      last_step_ = std::max(last_step_, scenario_.script[i].at);
    }
    controller_.start(0);
  }

  void handle(const Event& event) {
    switch (event.kind) {
      case Event::Kind::kScript:
        if (trace_)
          std::printf("%8.1f script %d workload %lld amount %lld %s\n", seconds(),
                      static_cast<int>(scenario_.script[event.index].kind),
                      static_cast<long long>(scenario_.script[event.index].workload),
                      static_cast<long long>(scenario_.script[event.index].amount),
                      scenario_.script[event.index].text.c_str());
        return follow(scenario_.script[event.index]);
      case Event::Kind::kRestart:
        if (trace_)
          std::printf("%8.1f controller starts, its clock %+.0f h\n", seconds(),
                      static_cast<double>(event.index) / kHour - 24);
        if (event.index != 24 * kHour) invariants_.clockJumped();
        return controller_.start(static_cast<Ms>(event.index) - 24 * kHour);
      case Event::Kind::kLate:
        return controller_.act(late_[event.index]);
      case Event::Kind::kPods:
      case Event::Kind::kRecord:
      case Event::Kind::kPlan:
      case Event::Kind::kDecide:
      case Event::Kind::kPoll:
        return controller_.handle(event);
      default:
        changed_ = events_.now();
        return cluster_.handle(event);
    }
  }

  std::string admit(std::size_t w, const SimPod& pod) {
    std::string revision = webhook_.admit(w, pod, events_.now());
    if (trace_) {
      std::printf("%8.1f pod p%llu of w%zu gets '%s'\n", seconds(),
                  static_cast<unsigned long long>(pod.id), w, revision.c_str());
    }
    invariants_.admitted(w, revision);
    return revision;
  }

  void follow(const Step& step);
  void wish(const Step& step, const engine::WorkloadOverrides& overrides);
  double seconds() const { return static_cast<double>(events_.now()) / kSecond; }
  void traceRecord(std::size_t w, const api::WorkloadRollout& r) const {
    std::printf(
        "%8.1f w%zu %s %s step %lld/%lld target '%s' assigned '%s' (%lld) rejected '%s' "
        "verdict %s %s fruitless %lld asked %lld\n",
        seconds(), w, std::string(api::stateName(r.state)).c_str(),
        std::string(r.reason.text()).c_str(), static_cast<long long>(r.step),
        static_cast<long long>(r.steps), r.target_revision.c_str(), r.assigned_revision.c_str(),
        static_cast<long long>(r.target_pods.value_or(-1)), r.rejected_revision.c_str(),
        std::string(api::verdictName(r.verdict.result)).c_str(),
        std::string(r.verdict.reason.text()).c_str(),
        static_cast<long long>(r.replacements ? r.replacements->fruitless : -1),
        static_cast<long long>(r.replacements ? r.replacements->asked : -1));
  }
  void traceAction(std::size_t w, const engine::Action& a) const {
    static constexpr std::array<const char*, 3> kVerbs{"evict", "delete", "restart"};
    const SimWorkload& x = cluster_.workloads()[w];
    std::printf("%8.1f w%zu (%lld of %lld ready, %lld away for us) %s %s%s\n", seconds(), w,
                static_cast<long long>(x.ready()), static_cast<long long>(x.replicas),
                static_cast<long long>(x.away()), kVerbs.at(static_cast<std::size_t>(a.kind)),
                a.pod.c_str(), a.token.c_str());
  }

  const Scenario& scenario_;
  const bool trace_;
  Decide decide_;
  Events events_;
  Store store_;
  std::vector<LateAction> late_;
  Webhook webhook_;
  Cluster cluster_;
  Invariants invariants_;
  Watcher watcher_;
  Controller controller_;
  Ms changed_ = 0, last_step_ = 0;
};

void Schedule::wish(const Step& step, const engine::WorkloadOverrides& overrides) {
  const auto w = static_cast<std::size_t>(step.workload);
  store_.records[w].overrides = overrides;
  ++store_.records[w].version;
  controller_.recordChanged(w);
}

void Schedule::follow(const Step& step) {
  changed_ = events_.now();
  invariants_.scripted(step);
  const auto w = static_cast<std::size_t>(step.workload);
  engine::WorkloadOverrides overrides = store_.records[w].overrides;
  switch (step.kind) {
    case Kind::kPodLost:
      return cluster_.lose(w);
    case Kind::kDeploy:
      return cluster_.deploy(w);
    case Kind::kScale:
      return cluster_.scale(w, step.amount);
    case Kind::kRun:
      return cluster_.run(w);
    case Kind::kOwnerHealed:
      return cluster_.heal(w);
    case Kind::kRevision:
      store_.plan.revisions = {step.text};
      break;
    case Kind::kPause:
      store_.plan.paused = true;
      break;
    case Kind::kResume:
      store_.plan.paused = false;
      break;
    case Kind::kAbort:
      if (!store_.plan.revisions.empty()) store_.plan.aborted = store_.plan.revisions.front();
      break;
    case Kind::kRetry:
      store_.plan.retried = timeAt(events_.now());
      break;
    case Kind::kPromote:
      if (store_.plan.revisions.empty()) return;
      store_.plan.promoted = store_.plan.revisions.front();
      if (step.amount > 0) store_.plan.promoted += "/0/" + std::to_string(step.amount + 1);
      break;
    case Kind::kBudgets:
      store_.plan.max_parallel = store_.plan.max_unavailable = step.amount;
      break;
    case Kind::kUnavailable:
      store_.plan.available = false;
      break;
    case Kind::kAvailable:
      store_.plan.available = true;
      break;
    case Kind::kPolicyGone:
      store_.plan.revisions.clear();
      break;
    case Kind::kWishPaused:
      overrides.paused = true;
      return wish(step, overrides);
    case Kind::kWishSkip:
      overrides.skip = true;
      return wish(step, overrides);
    case Kind::kWishPin:
      overrides.pin = step.text;
      return wish(step, overrides);
    case Kind::kWishNothing:
      return wish(step, {});
    case Kind::kApprove:
      if (store_.plan.revisions.empty()) return;
      overrides.approve = store_.plan.revisions.front();
      return wish(step, overrides);
    case Kind::kKill:
      return controller_.stopAt(step);
    case Kind::kElsewhere:
      store_.elsewhere = step.amount;
      break;
  }
  controller_.planChanged();
}

}  // namespace

Outcome runSchedule(const Scenario& scenario, const Decide& decide, bool trace) {
  return Schedule(scenario, decide, trace).run();
}

Outcome runSeed(std::uint64_t seed, const Limits& limits, const Decide& decide, bool trace) {
  Scenario scenario = makeScenario(seed, limits);
  Outcome out = runSchedule(scenario, decide, trace);
  if (out.violation || !scenario.comparable) return out;
  scenario.undisturbed = true;
  const Outcome undisturbed = runSchedule(scenario, decide, false);
  out.decisions += undisturbed.decisions;
  if (undisturbed.violation) {
    out.violation = undisturbed.violation;
    out.violation->message += " (without kills and delays)";
    return out;
  }
  for (std::size_t i = 0; i < out.ends.size(); ++i) {
    if (out.ends[i] == undisturbed.ends[i]) continue;
    out.violation =
        Violation{Rule::kSameEnd, scenario.workloads[i].key + ": " + out.ends[i] +
                                      ", and without kills and delays " + undisturbed.ends[i]};
    break;
  }
  return out;
}

}  // namespace profiling::simulate
