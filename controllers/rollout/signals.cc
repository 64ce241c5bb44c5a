#include "controllers/rollout/signals.h"

#include <algorithm>
#include <set>

#include "controllers/engine/times.h"
#include "operator/base/log.h"

namespace profiling::controllers {
namespace {

constexpr std::chrono::milliseconds kDeadline{3'000};
constexpr std::size_t kRemembered = 10'000;

bool judged(const api::WorkloadRollout& r) {
  using State = api::WorkloadState;
  return r.state == State::kBaselining || r.state == State::kStepping ||
         r.state == State::kSoaking || r.state == State::kEvaluating || r.state == State::kPaused;
}

std::string namespaceOf(const Member& member) {
  return member.record->metadata.namespace_;
}

// Why the server takes nothing more, from what its own status says.
std::string notReady(const api::EffectivePolicy& policy, const api::ProfilingServer* server) {
  if (!policy.policy.spec.server_ref || server == nullptr) return {};
  const api::Condition* ready = api::findCondition(server->status.conditions, "Ready");
  if (ready != nullptr && ready->status == "True") return {};
  return "ProfilingServer '" + serverKey(policy.policy) + "' is not ready";
}

}  // namespace

bool Signals::due(const std::string& what, engine::Time now) {
  const std::scoped_lock lock(mutex_);
  if (asked_.size() > kRemembered) asked_.clear();
  Asked& asked = asked_[what];
  if (asked.at != engine::Time{} && now - asked.at < kSignalInterval) return false;
  asked.at = now;
  return true;
}

void Signals::note(const std::string& what, bool ok) {
  const std::scoped_lock lock(mutex_);
  asked_[what].ok = ok;
}

bool Signals::fine(const std::string& what) const {
  const std::scoped_lock lock(mutex_);
  const auto it = asked_.find(what);
  return it == asked_.end() || it->second.ok;
}

void Signals::askMetrics(const std::string& namespace_, engine::Time now,
                         const std::stop_token& stop) {
  const std::string what = "metrics " + namespace_;
  if (!due(what, now)) return;
  const auto usage = signals::readPodMetrics(client_, namespace_, kDeadline, stop);
  note(what, usage.ok());
  if (usage.ok()) {
    sampler_.add(namespace_, *usage, now);
  } else {
    log::debug("Metrics not read",
               {{"namespace", namespace_}, {"error", usage.status().message()}});
  }
}

void Signals::askArrival(const api::EffectivePolicy& policy, const signals::ServerRef& server,
                         const std::string& namespace_, const std::vector<const engine::Pod*>& pods,
                         engine::Time now, engine::Duration window, const std::stop_token& stop) {
  const std::string what = "arrival " + namespace_;
  if (pods.empty() || !due(what, now)) return;
  if (queries_ == nullptr) return note(what, false);
  signals::ArrivalQuestion question;
  question.server = server;
  if (policy.tenant_rule == api::kNamespaceAsTenant) {
    question.tenant = namespace_;
  }
  question.scope.namespace_ = namespace_;
  for (const engine::Pod* pod : pods) question.pods.emplace(pod->name, pod->created);
  question.since =
      now - std::clamp<engine::Duration>(window, std::chrono::minutes(1), std::chrono::hours(23));
  question.now = now;
  const auto seen = signals::ArrivalReader(*queries_, servers_, kDeadline).read(question, stop);
  note(what, seen.ok());
  if (!seen.ok()) {
    log::info("Arrival of profiles not known",
              {{"namespace", namespace_}, {"error", seen.status().message()}});
    return;
  }
  const std::scoped_lock lock(mutex_);
  seen_[namespace_] = *seen;
}

void Signals::askPressure(const signals::ServerRef& server, engine::Time now,
                          const std::stop_token& stop) {
  const std::string key = server.namespace_ + "/" + server.name;
  if (queries_ == nullptr || !due("pressure " + key, now)) return;
  const auto counters = signals::readPressure(*queries_, server, servers_, kDeadline, stop);
  if (!counters.ok()) return;
  const std::scoped_lock lock(mutex_);
  Pressure& pressure = pressure_[key];
  const std::string why =
      pressure.known ? signals::pressureBetween(pressure.counters, *counters) : std::string();
  pressure.counters = *counters;
  pressure.known = true;
  if (why.empty()) return;
  pressure.why = "ProfilingServer '" + key + "' is under pressure: " + why;
  pressure.since = now;
}

engine::Workload Signals::measured(const engine::Workload& w, const std::string& namespace_,
                                   const engine::Plan& plan, engine::Time now) const {
  engine::Workload out = w;
  engine::Pods pods = *w.pods;
  const engine::Time since = engine::timeOf(w.record.since);
  std::optional<signals::LastSeen> seen;
  if (plan.gates.profiles_within) {
    const std::scoped_lock lock(mutex_);
    if (const auto it = seen_.find(namespace_); it != seen_.end()) seen = it->second;
  }
  const bool arrival = fine("arrival " + namespace_);
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
                         now - it->second <= *plan.gates.profiles_within + kSignalInterval;
    if (reports || arrival) pod.reporting = reports;
  }
  out.pods = std::make_shared<const engine::Pods>(std::move(pods));
  return out;
}

bool Signals::fill(const api::EffectivePolicy& policy, const api::ProfilingServer* server,
                   const engine::Plan& plan, const std::vector<Member>& members,
                   engine::World& world, const std::stop_token& stop) {
  world.sources.server = notReady(policy, server);
  const bool costs = plan.gates.max_cpu_percent || plan.gates.max_memory_bytes;
  const auto& ref = policy.policy.spec.server_ref;
  const signals::ServerRef place{
      ref && !ref->namespace_.empty() ? ref->namespace_ : policy.policy.metadata.namespace_,
      ref ? ref->name : std::string()};
  std::map<std::string, std::vector<const engine::Pod*>> looked_for;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!judged(world.workloads[i].record)) continue;
    auto& pods = looked_for[namespaceOf(members[i])];
    for (const engine::Pod& pod : *world.workloads[i].pods) {
      if (!pod.revision.empty() && !pod.deleting) pods.push_back(&pod);
    }
  }
  const bool asks = !looked_for.empty() && (costs || plan.gates.profiles_within || ref);
  for (const auto& [namespace_, pods] : looked_for) {
    if (costs) askMetrics(namespace_, world.now, stop);
    if (plan.gates.profiles_within && ref) {
      askArrival(policy, place, namespace_, pods, world.now,
                 *plan.gates.profiles_within + kSignalInterval, stop);
    }
    world.sources.metrics = world.sources.metrics && fine("metrics " + namespace_);
    world.sources.arrival = world.sources.arrival && fine("arrival " + namespace_);
  }
  if (plan.gates.profiles_within && !ref) world.sources.arrival = false;
  if (ref && asks) {
    askPressure(place, world.now, stop);
    const std::scoped_lock lock(mutex_);
    const auto it = pressure_.find(place.namespace_ + "/" + place.name);
    if (world.sources.server.empty() && it != pressure_.end() &&
        world.now - it->second.since < kPressureMemory) {
      world.sources.server = it->second.why;
    }
  }
  for (std::size_t i = 0; asks && i < members.size(); ++i) {
    if (!judged(world.workloads[i].record)) continue;
    world.workloads[i] = measured(world.workloads[i], namespaceOf(members[i]), plan, world.now);
  }
  return asks;
}

}  // namespace profiling::controllers
