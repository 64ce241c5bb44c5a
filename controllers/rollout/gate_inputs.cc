#include "controllers/rollout/gate_inputs.h"

#include <algorithm>

#include "controllers/engine/times.h"
#include "operator/base/log.h"
#include "operator/base/str_cat.h"

namespace profiling::controllers {
namespace {

constexpr std::chrono::milliseconds kDeadline{10'000};  // of each question
constexpr std::size_t kRemembered = 10'000;

bool judged(const engine::Workload& w) {
  using State = api::WorkloadState;
  const State state = w.record.state;
  return w.pods &&
         (state == State::kBaselining || state == State::kStepping || state == State::kSoaking ||
          state == State::kEvaluating || state == State::kPaused);
}

std::string namespaceOf(const Member& member) {
  return member.record->metadata.namespace_;
}

std::string laneOf(const signals::ServerRef& server) {
  return server.namespace_ + "/" + server.name;
}
constexpr const char* kMetricsLane = "";  // metrics.k8s.io

// Identifies the profiles of a namespace in a server: two policies of a namespace may have
// different servers.
std::string placeOf(const signals::ServerRef& server, const std::string& namespace_) {
  return namespace_ + " at " + server.namespace_ + "/" + server.name;
}

// Why the server accepts no profiles, from its own status; empty: it accepts them.
std::string notReady(const api::EffectivePolicy& policy, const api::ProfilingServer* server) {
  if (!policy.policy.spec.server_ref || server == nullptr) return {};
  const api::Condition* ready = api::findCondition(server->status.conditions, "Ready");
  if (ready != nullptr && ready->status == "True") return {};
  return strCat("ProfilingServer '", serverKey(policy.policy), "' is not ready");
}

}  // namespace

void GateInputs::start() {
  lanes_.start();
}

void GateInputs::stop() {
  lanes_.stop();
}

void GateInputs::askLater(const std::string& lane, const std::string& policy,
                          const std::string& what, engine::Time now,
                          std::function<bool(const std::stop_token&)> ask) {
  {
    const MutexLock lock(mutex_);
    if (asked_.size() > kRemembered && lanes_.empty()) asked_.clear();
    Asked& asked = asked_[what];
    const bool recent = asked.at != engine::Time{} && now - asked.at < kGateInputInterval;
    if (asked.under_way || recent) return;
    asked.at = now;
    asked.under_way = true;
  }
  lanes_.add(lane, [this, policy, what, ask = std::move(ask)](const std::stop_token& stop) {
    const bool ok = ask(stop);
    {
      const MutexLock lock(mutex_);
      asked_[what].ok = ok;
      asked_[what].under_way = false;
    }
    news_(policy);
  });
}

bool GateInputs::fine(const std::string& what) const {
  const MutexLock lock(mutex_);
  const auto it = asked_.find(what);
  return it == asked_.end() || it->second.ok;
}

bool GateInputs::askMetrics(const std::string& namespace_, engine::Time now,
                            const std::stop_token& stop) {
  const auto usage = signals::readPodMetrics(client_, namespace_, kDeadline, stop);
  if (usage.ok()) {
    sampler_.add(namespace_, *usage, now);
  } else {
    log::debug("Metrics not read",
               {{"namespace", namespace_}, {"error", usage.status().message()}});
  }
  return usage.ok();
}

bool GateInputs::askArrival(const signals::ArrivalQuestion& question, const std::stop_token& stop) {
  if (queries_ == nullptr) return false;
  const auto seen = signals::ArrivalReader(*queries_, servers_, kDeadline).read(question, stop);
  if (!seen.ok()) {
    log::info("Arrival of profiles unknown",
              {{"namespace", question.scope.namespace_}, {"error", seen.status().message()}});
    return false;
  }
  const MutexLock lock(mutex_);
  seen_[placeOf(question.server, question.scope.namespace_)] = *seen;
  return true;
}

bool GateInputs::askPressure(const signals::ServerRef& server, engine::Time now,
                             const std::stop_token& stop) {
  if (queries_ == nullptr) return false;
  const std::string key = server.namespace_ + "/" + server.name;
  const auto counters = signals::readPressure(*queries_, server, servers_, kDeadline, stop);
  if (!counters.ok()) return false;
  const MutexLock lock(mutex_);
  Pressure& pressure = pressure_[key];
  const std::string why =
      pressure.known ? signals::pressureBetween(pressure.counters, *counters) : std::string();
  pressure.counters = *counters;
  pressure.known = true;
  if (why.empty()) return true;
  pressure.why = "ProfilingServer '" + key + "' is under pressure: " + why;
  pressure.since = now;
  return true;
}

std::shared_ptr<const engine::Pods> GateInputs::measured(const engine::Workload& w,
                                                         const std::string& namespace_,
                                                         const std::string& place,
                                                         const engine::Plan& plan,
                                                         engine::Time now) const {
  engine::Pods pods = *w.pods;
  const engine::Time since = engine::timeOf(w.record.since);
  std::optional<signals::LastSeen> seen;
  if (plan.gates.profiles_within) {
    const MutexLock lock(mutex_);
    if (const auto it = seen_.find(place); it != seen_.end()) seen = it->second;
  }
  const bool arrival = fine("arrival " + place);
  for (engine::Pod& pod : pods) {
    const bool before = w.record.state == api::WorkloadState::kBaselining;
    if (const auto mean = sampler_.mean(namespace_, pod.name,
                                        before ? pod.created : std::max(since, pod.created))) {
      pod.cpu_milli = mean->cpu_milli;
      pod.memory_bytes = mean->memory_bytes;
      pod.samples = mean->samples;
    }
    if (!seen || pod.revision.empty()) continue;
    const auto it = seen->find(pod.name);
    const bool reports = it != seen->end() && it->second >= pod.created &&
                         now - it->second <= *plan.gates.profiles_within + kGateInputInterval;
    if (reports || arrival) pod.reporting = reports;
  }
  return std::make_shared<const engine::Pods>(std::move(pods));
}

void GateInputs::queueMetrics(const std::string& policy, const std::string& namespace_,
                              engine::Time now) {
  askLater(kMetricsLane, policy, "metrics " + namespace_, now,
           [this, namespace_, now](const auto& stop) { return askMetrics(namespace_, now, stop); });
}

void GateInputs::queueArrival(const api::EffectivePolicy& policy, const engine::Plan& plan,
                              const signals::ServerRef& server, const std::string& namespace_,
                              signals::LastSeen pods, engine::Time now) {
  signals::ArrivalQuestion question;
  question.server = server;
  if (policy.tenant_rule == api::kNamespaceAsTenant) question.tenant = namespace_;
  question.scope.namespace_ = namespace_;
  question.pods = std::move(pods);
  question.since =
      now - std::clamp<engine::Duration>(*plan.gates.profiles_within + kGateInputInterval,
                                         std::chrono::minutes(1), std::chrono::hours(23));
  question.now = now;
  askLater(laneOf(server), plan.policy, "arrival " + placeOf(server, namespace_), now,
           [this, question](const auto& stop) { return askArrival(question, stop); });
}

std::string GateInputs::pressureOf(const signals::ServerRef& server, engine::Time now) const {
  const MutexLock lock(mutex_);
  const auto it = pressure_.find(strCat(server.namespace_, "/", server.name));
  const bool recent = it != pressure_.end() && now - it->second.since < kPressureMemory;
  return recent ? it->second.why : std::string();
}

bool GateInputs::fill(const api::EffectivePolicy& policy, const api::ProfilingServer* server,
                      const engine::Plan& plan, const std::vector<Member>& members,
                      engine::World& world) {
  world.sources.server = notReady(policy, server);
  const bool costs = plan.gates.max_cpu_percent || plan.gates.max_memory_bytes;
  const auto& ref = policy.policy.spec.server_ref;
  const engine::Time now = world.now;
  const signals::ServerRef place{
      ref && !ref->namespace_.empty() ? ref->namespace_ : policy.policy.metadata.namespace_,
      ref ? ref->name : std::string()};
  std::map<std::string, signals::LastSeen> looked_for;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!judged(world.workloads[i])) continue;
    signals::LastSeen& pods = looked_for[namespaceOf(members[i])];
    for (const engine::Pod& pod : *world.workloads[i].pods) {
      if (!pod.revision.empty() && !pod.deleting) pods.emplace(pod.name, pod.created);
    }
  }
  const bool asks = !looked_for.empty() && (costs || plan.gates.profiles_within || ref);
  for (auto& [namespace_, pods] : looked_for) {
    if (costs) queueMetrics(plan.policy, namespace_, now);
    if (plan.gates.profiles_within && ref && !pods.empty()) {
      queueArrival(policy, plan, place, namespace_, std::move(pods), now);
    }
    world.sources.metrics = world.sources.metrics && fine("metrics " + namespace_);
    world.sources.arrival = world.sources.arrival && fine("arrival " + placeOf(place, namespace_));
  }
  if (plan.gates.profiles_within && !ref) world.sources.arrival = false;
  if (ref && asks) {
    askLater(laneOf(place), plan.policy, strCat("pressure ", place.namespace_, "/", place.name),
             now, [this, place, now](const auto& stop) { return askPressure(place, now, stop); });
    if (world.sources.server.empty()) world.sources.server = pressureOf(place, now);
  }
  for (std::size_t i = 0; asks && i < members.size(); ++i) {
    if (!judged(world.workloads[i])) continue;
    world.workloads[i].pods = measured(world.workloads[i], namespaceOf(members[i]),
                                       placeOf(place, namespaceOf(members[i])), plan, now);
  }
  return asks;
}

}  // namespace profiling::controllers
