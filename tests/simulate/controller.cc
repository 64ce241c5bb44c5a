#include "tests/simulate/controller.h"

#include <algorithm>

#include "operator/api/v1alpha1/codec.h"
#include "tests/simulate/observe.h"

namespace profiling::simulate {
namespace {

bool underWay(const api::WorkloadRollout& r) {
  using State = api::WorkloadState;
  return r.state != State::kPending && r.state != State::kRolledBack &&
         r.state != State::kComplete && r.state != State::kSkipped;
}

// Encodes the record and decodes it again, as the next process would.
api::WorkloadRollout stored(const api::WorkloadRollout& rollout) {
  api::WorkloadProfileStatus status;
  status.rollout = rollout;
  const auto object = api::workloadFromJson(
      {{"metadata", {{"name", "w"}, {"namespace", "n"}}}, {"status", api::toJson(status)}});
  return object.ok() && object->status.rollout ? *object->status.rollout : api::WorkloadRollout{};
}

}  // namespace

Controller::Controller(const Scenario& scenario, Events& events, Cluster& cluster, Store& store,
                       const Decide& decide, Observer& observer, std::vector<LateAction>& late)
    : scenario_(scenario),
      events_(events),
      cluster_(cluster),
      store_(store),
      decide_(decide),
      observer_(observer),
      late_(late),
      random_(scenario.seed, 10) {
}

void Controller::start(Ms clock_jump) {
  store_.leader = ++life_;
  alive_ = true;
  clock_ += clock_jump;
  kill_.reset();
  asked_.clear();
  const std::size_t count = scenario_.workloads.size();
  world_ = {};
  world_.workloads.resize(count);
  world_.max_restarting = scenario_.max_restarting;
  world_.webhook_lag = engine::Duration(scenario_.undisturbed ? 0 : scenario_.slowest_watch);
  versions_.assign(count, 0);
  pods_due_.assign(count, false);
  record_due_.assign(count, false);
  decision_due_ = kNever;
  for (std::size_t i = 0; i < count; ++i) {
    const WorkloadSpec& spec = scenario_.workloads[i];
    engine::Workload& w = world_.workloads[i];
    w.key = spec.key;
    w.kind = spec.kind;
    w.wave = spec.wave;
    w.bucket = spec.bucket;
    w.unsupported = spec.unsupported;
    if (spec.unsupported) w.unsupported_reason = api::RecordedReason::parse("UnsupportedRuntime");
    readRecord(i);
    if (life_ > 1) w.record = stored(w.record);
    readPods(i);
  }
  readPlan();
  const bool polls = scenario_.plan.gates.profiles_within || scenario_.plan.gates.max_cpu_percent ||
                     scenario_.plan.gates.max_memory_bytes;
  if (polls) events_.plan(events_.now() + scenario_.poll, Event::Kind::kPoll, 0, life_);
  wantDecision(events_.now() + kSecond);
}

void Controller::stopAt(const Step& kill) {
  kill_ = kill;
  left_ = kill.amount;
}

void Controller::handle(const Event& event) {
  if (!alive_ || event.id != life_) return;
  switch (event.kind) {
    case Event::Kind::kPods:
      pods_due_[event.index] = false;
      readPods(event.index);
      break;
    case Event::Kind::kRecord:
      record_due_[event.index] = false;
      readRecord(event.index);
      break;
    case Event::Kind::kPlan:
      readPlan();
      break;
    case Event::Kind::kPoll:
      events_.plan(events_.now() + scenario_.poll, Event::Kind::kPoll, 0, life_);
      if (!busy()) return;
      for (std::size_t i = 0; i < world_.workloads.size(); ++i) {
        if (underWay(world_.workloads[i].record)) readPods(i);
      }
      break;
    case Event::Kind::kDecide:
      if (event.at == decision_due_) decide();
      return;
    default:
      return;
  }
  wantDecision(events_.now());
}

bool Controller::busy() const {
  return std::any_of(world_.workloads.begin(), world_.workloads.end(),
                     [](const engine::Workload& w) { return underWay(w.record); });
}

void Controller::podsChanged(std::size_t workload) {
  if (!alive_ || pods_due_[workload]) return;
  pods_due_[workload] = true;
  events_.plan(events_.now() + delay(), Event::Kind::kPods, workload, life_);
}

void Controller::recordChanged(std::size_t workload) {
  if (!alive_ || record_due_[workload]) return;
  record_due_[workload] = true;
  events_.plan(events_.now() + delay(), Event::Kind::kRecord, workload, life_);
}

void Controller::planChanged() {
  if (alive_) events_.plan(events_.now() + delay(), Event::Kind::kPlan, 0, life_);
}

void Controller::readRecord(std::size_t workload) {
  const StoredRecord& record = store_.records[workload];
  if (versions_[workload] == record.version) return;
  versions_[workload] = record.version;
  world_.workloads[workload].record = record.rollout;
  world_.workloads[workload].overrides = record.overrides;
}

void Controller::readPods(std::size_t workload) {
  const SimWorkload& actual = cluster_.workloads()[workload];
  engine::Workload& w = world_.workloads[workload];
  w.pods = observePods(scenario_, workload, actual, events_.now(), asked_);
  if (actual.refused >= 0) w.refusal = {timeAt(actual.refused + clock_), "the quota is spent"};
}

void Controller::readPlan() {
  plan_ = store_.plan;
  plan_.stable = store_.stable;
  world_.record = store_.policy;
  world_.restarting_elsewhere = store_.elsewhere;
}

// At most once per debounce period, however often something changes.
void Controller::wantDecision(Ms at) {
  at = std::max({at, events_.now(), last_decision_ + scenario_.debounce});
  if (at >= decision_due_) return;
  decision_due_ = at;
  events_.plan(at, Event::Kind::kDecide, 0, life_);
}

void Controller::readQuarantine() {
  world_.quarantine.clear();
  world_.cleared.clear();
  std::set<std::string> named;
  for (const engine::Workload& w : world_.workloads) {
    for (const api::ImageAgent& what : w.record.quarantine) {
      world_.quarantine.push_back({w.key, what});
      named.insert(what.image);
    }
    for (const api::ImageAgent& what : w.record.cleared) world_.cleared.push_back({w.key, what});
  }
  for (std::size_t i = 0; i < world_.workloads.size(); ++i) {
    engine::Workload& w = world_.workloads[i];
    const std::string& image = scenario_.workloads[i].image;
    w.images.clear();
    w.agents.clear();
    if (!named.contains(image) || w.pods->empty()) continue;  // only pods name the image
    w.images = {image};
    const std::string& target = w.overrides.pin.empty() ? plan_.revisions.front() : w.overrides.pin;
    w.agents = {agentOf(target)};
  }
}

bool Controller::readOwners(const engine::Decision& result) {
  if (out(scenario_, Outage::Of::kOwnerReads, events_.now())) {
    wantDecision(events_.now() + 10 * kSecond);
    return false;
  }
  bool any = false;
  for (const engine::Change& change : result.changes) {
    engine::Workload& w = world_.workloads[change.workload];
    if (!change.wants_owner || w.owner) continue;
    w.owner = cluster_.owner(change.workload);
    any = true;
  }
  return any;
}

engine::Decision Controller::ask() {
  std::vector<std::shared_ptr<const engine::Pods>> all(world_.workloads.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    engine::Workload& w = world_.workloads[i];
    all[i] = w.pods;
    w.steady = engine::steadyRevision(*w.pods);
    if (w.steady && !engine::needsPods(plan_, w)) w.pods = nullptr;
  }
  world_.read_pods = [&all](std::size_t i) { return all[i]; };
  engine::Decision decision = decide_(plan_, world_);
  for (int i = 0; i < 4 && readOwners(decision); ++i) decision = decide_(plan_, world_);
  for (const engine::Change& change : decision.changes) {
    world_.workloads[change.workload].pods = all[change.workload];
  }
  observer_.decided(plan_, world_, decision);
  for (std::size_t i = 0; i < all.size(); ++i) world_.workloads[i].pods = std::move(all[i]);
  world_.read_pods = nullptr;
  return decision;
}

void Controller::decide() {
  decision_due_ = kNever;
  last_decision_ = events_.now();
  ++decisions_;
  world_.now = timeAt(events_.now() + clock_);
  world_.sources = observeSources(scenario_, events_.now());
  if (!plan_.revisions.empty()) readQuarantine();
  const engine::Decision decision = ask();
  apply(decision);
  for (engine::Workload& w : world_.workloads) w.owner.reset();
  if (alive_ && decision.again) {
    // Rounded up: a timer does not fire early.
    wantDecision(msOf(*decision.again) - clock_ + 1);
  }
}

bool Controller::dies() {
  if (!kill_ || left_-- > 0) return false;
  alive_ = false;
  events_.plan(events_.now() + kill_->down, Event::Kind::kRestart,
               static_cast<std::size_t>(kill_->jump + 24 * kHour));
  return true;
}

bool Controller::write(const engine::Change& change) {
  StoredRecord& record = store_.records[change.workload];
  if (store_.leader != life_ || record.version != versions_[change.workload]) return false;
  const api::WorkloadRollout before = std::move(record.rollout);
  record.rollout = change.record;
  versions_[change.workload] = ++record.version;
  world_.workloads[change.workload].record = record.rollout;
  observer_.written(change.workload, before, record.rollout);
  return true;
}

void Controller::writePolicy(const engine::Decision& result) {
  if (result.policy == store_.policy && result.stable == store_.stable) return;
  if (dies()) return;
  store_.policy = world_.record = result.policy;
  store_.stable = plan_.stable = result.stable;
  wantDecision(events_.now());
}

void Controller::perform(std::size_t workload, const engine::Action& action) {
  observer_.acting(plan_, workload, action);
  const Answer answer =
      action.kind == engine::Action::Kind::kRolloutRestart
          ? cluster_.restart(workload, action.token)
          : cluster_.take(workload, action.uid, action.kind == engine::Action::Kind::kEvict);
  if (answer == Answer::kDone && !action.uid.empty()) {
    asked_.insert(action.uid);
    auto pods = std::make_shared<engine::Pods>(*world_.workloads[workload].pods);
    for (engine::Pod& pod : *pods) pod.deleting = pod.deleting || pod.uid == action.uid;
    world_.workloads[workload].pods = std::move(pods);
  }
  if (answer == Answer::kRefused) wantDecision(events_.now() + 10 * kSecond);
}

void Controller::act(const LateAction& late) {
  if (late.action.kind == engine::Action::Kind::kRolloutRestart) {
    cluster_.restart(late.workload, late.action.token);
  } else {
    cluster_.take(late.workload, late.action.uid, late.action.kind == engine::Action::Kind::kEvict);
  }
}

void Controller::apply(const engine::Decision& result) {
  const bool policy_first = scenario_.seed % 2 == 0;
  if (policy_first) writePolicy(result);
  for (const engine::Change& change : result.changes) {
    if (!alive_) return;
    if (change.differs) {
      if (dies()) return;
      if (!write(change)) continue;
      wantDecision(events_.now());
    }
    for (const engine::Action& action : change.actions) {
      if (alive_ && !dies()) {
        perform(change.workload, action);
      } else if (kill_->overlaps) {
        // Its requests are already in flight.
        events_.plan(events_.now() + random_.below(20 * kSecond), Event::Kind::kLate, late_.size());
        late_.push_back({change.workload, action});
      }
    }
  }
  if (alive_ && !policy_first) writePolicy(result);
  if (kill_ && alive_ && !result.changes.empty()) {
    left_ = 0;
    dies();
  }
}

}  // namespace profiling::simulate
