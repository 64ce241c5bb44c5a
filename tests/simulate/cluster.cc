#include "tests/simulate/cluster.h"

#include <algorithm>
#include <utility>

namespace profiling::simulate {

std::int64_t SimWorkload::live() const {
  return std::count_if(pods.begin(), pods.end(), [](const SimPod& p) { return !p.deleting; });
}

std::int64_t SimWorkload::ready() const {
  return std::count_if(pods.begin(), pods.end(),
                       [](const SimPod& p) { return p.ready && !p.deleting; });
}

std::int64_t SimWorkload::away() const {
  return std::clamp<std::int64_t>(replicas - ready(), 0, static_cast<std::int64_t>(holes.size()));
}

bool SimWorkload::rolling() const {
  return rolls() && std::any_of(pods.begin(), pods.end(), [&](const SimPod& p) {
           return p.generation < generation &&
                  p.ordinal >= (spec->ordinals() ? spec->partition : -1);
         });
}

Cluster::Cluster(const Scenario& scenario, Events& events, Admit admit, Tell changed,
                 Counted counted)
    : scenario_(scenario),
      events_(events),
      admit_(std::move(admit)),
      changed_(std::move(changed)),
      counted_(std::move(counted)) {
  for (const WorkloadSpec& spec : scenario.workloads) {
    SimWorkload w;
    w.spec = &spec;
    w.replicas = spec.batch() ? 0 : spec.replicas;
    w.paused = spec.paused;
    w.budget_spent = spec.budget_spent;
    w.random = Random(scenario.seed, 100 + workloads_.size());
    workloads_.push_back(std::move(w));
  }
}

void Cluster::fill() {
  for (std::size_t i = 0; i < workloads_.size(); ++i) {
    SimWorkload& w = workloads_[i];
    for (std::int64_t n = 0; n < w.replicas; ++n) {
      SimPod pod;
      pod.id = ++last_id_;
      pod.revision = w.spec->unsupported ? "" : scenario_.plan.stable;
      pod.ordinal = w.spec->ordinals() ? n : -1;
      pod.created = pod.ready_since = -kHour;
      pod.ready = true;
      if (const Fault* fault = worst(i, pod)) {
        pod.restarts = 5;
        fail(i, pod, *fault);
      }
      w.pods.push_back(pod);
      counted_(i, pod, true);
    }
  }
  for (const Fault& fault : scenario_.faults) {
    for (std::size_t i = 0; i < workloads_.size(); ++i) {
      if (fault.workload >= 0 && static_cast<std::size_t>(fault.workload) != i) continue;
      if (fault.from > 0) events_.plan(fault.from, Event::Kind::kFault, i);
      if (fault.until < kNever) events_.plan(fault.until, Event::Kind::kFault, i);
    }
  }
}

const Fault* Cluster::worst(std::size_t workload, const SimPod& pod) const {
  for (const Fault& fault : scenario_.faults) {
    if (fault.kind > Fault::Kind::kImagePull) continue;
    if (fault.kind == Fault::Kind::kImagePull && pod.ready)
      continue;  // its image is already pulled
    if (fault.hits(static_cast<std::int64_t>(workload), pod.revision, events_.now())) return &fault;
  }
  return nullptr;
}

SimPod* Cluster::find(std::size_t workload, std::uint64_t id) {
  auto& pods = workloads_[workload].pods;
  const auto found =
      std::find_if(pods.begin(), pods.end(), [&](const SimPod& p) { return p.id == id; });
  return found == pods.end() ? nullptr : &*found;
}

std::int64_t Cluster::freeOrdinal(const SimWorkload& w) const {
  for (std::int64_t n = 0;; ++n) {
    if (std::none_of(w.pods.begin(), w.pods.end(), [&](const SimPod& p) { return p.ordinal == n; }))
      return n;
  }
}

void Cluster::planCreate(std::size_t workload) {
  SimWorkload& w = workloads_[workload];
  ++w.creating;
  const Ms delay = w.random.percent(5) ? w.random.below(kMinute) : w.random.below(3 * kSecond);
  events_.plan(events_.now() + delay, Event::Kind::kCreate, workload);
}

bool Cluster::suffers(std::size_t workload, Fault::Kind kind) const {
  return std::any_of(scenario_.faults.begin(), scenario_.faults.end(), [&](const Fault& fault) {
    return fault.kind == kind &&
           fault.hits(static_cast<std::int64_t>(workload), fault.revision, events_.now());
  });
}

// The webhook learns of a refusal, and leaves the workload's pods without an agent for a while.
bool Cluster::admit(std::size_t workload, SimPod& pod) {
  constexpr Ms kLeftAlone = 10 * kMinute;
  SimWorkload& w = workloads_[workload];
  if (w.spec->unsupported || suffers(workload, Fault::Kind::kNotAsked)) return true;
  if (events_.now() - w.refused < kLeftAlone) {
    pod.answer = "PodRefused";
    return true;
  }
  pod.revision = admit_(workload, pod);
  if (pod.revision.empty()) pod.answer = "OutsideShare";
  if (pod.revision.empty() || !suffers(workload, Fault::Kind::kRefused)) return true;
  w.refused = events_.now();
  return false;
}

void Cluster::create(std::size_t workload) {
  SimWorkload& w = workloads_[workload];
  --w.creating;
  if (w.spec->ordinals() && freeOrdinal(w) >= w.replicas) return;
  SimPod pod;
  pod.id = ++last_id_;
  pod.ordinal = w.spec->ordinals() ? freeOrdinal(w) : -1;
  pod.generation = w.spec->ordinals() && pod.ordinal < w.spec->partition && w.generation > 0
                       ? w.generation - 1
                       : w.generation;
  pod.created = events_.now();
  if (!admit(workload, pod)) {
    changed_(workload);
    return planCreate(workload);
  }
  if (w.unfilled > 0) {
    --w.unfilled;
    pod.fills_hole = true;
  }
  events_.plan(pod.created + kSecond + w.random.below(w.spec->slowest_start), Event::Kind::kStarted,
               workload, pod.id);
  w.pods.push_back(pod);
  counted_(workload, w.pods.back(), true);
  changed_(workload);
}

void Cluster::fail(std::size_t workload, SimPod& pod, const Fault& fault) {
  SimWorkload& w = workloads_[workload];
  const bool agent = !fault.revision.empty();
  pod.ready = false;
  if (fault.kind == Fault::Kind::kImagePull) {
    pod.failure = {"profiling-agent-java", true, true, std::nullopt,
                   "ImagePullBackOff",     "",   "",   {}};
  } else if (fault.kind == Fault::Kind::kCrash) {
    ++pod.restarts;
    pod.failure = {"app",
                   false,
                   false,
                   agent ? 139 : 1,
                   "Error",
                   agent ? "SIGSEGV in /profiling-agent/java/libasyncProfiler.so" : "out of luck",
                   w.spec->image,
                   {}};
    if (!pod.revision.empty()) pod.failure->agents = {agentOf(pod.revision)};
    // Back-off; after some rounds the state no longer changes.
    if (pod.restarts < 5) {
      events_.plan(events_.now() + (10 * kSecond << pod.restarts) + w.random.below(kSecond),
                   Event::Kind::kStarted, workload, pod.id);
    }
  }
}

void Cluster::started(std::size_t workload, SimPod& pod) {
  if (pod.deleting) return;
  if (const Fault* fault = worst(workload, pod)) {
    fail(workload, pod, *fault);
  } else if (!pod.ready) {
    SimWorkload& w = workloads_[workload];
    pod.ready = true;
    pod.ready_since = events_.now();
    if (pod.failure && !pod.failure->exit_code) pod.failure.reset();
    if (std::exchange(pod.fills_hole, false) && !w.holes.empty()) w.holes.erase(w.holes.begin());
    if (w.spec->batch()) remove(workload, pod);
  }
  changed_(workload);
  reconcile(workload);
}

void Cluster::remove(std::size_t workload, SimPod& pod) {
  SimWorkload& w = workloads_[workload];
  if (pod.deleting) return;
  if (std::exchange(pod.fills_hole, false)) ++w.unfilled;
  pod.deleting = true;
  counted_(workload, pod, false);
  const Ms grace = kSecond + w.random.below(w.spec->batch() ? 10 * kMinute : 30 * kSecond);
  events_.plan(events_.now() + grace, Event::Kind::kGone, workload, pod.id);
  changed_(workload);
}

void Cluster::gone(std::size_t workload, std::uint64_t id) {
  const SimPod* pod = find(workload, id);
  if (pod == nullptr) return;
  auto& pods = workloads_[workload].pods;
  pods.erase(pods.begin() + (pod - pods.data()));
  changed_(workload);
  reconcile(workload);
}

void Cluster::handle(const Event& event) {
  SimPod* pod = event.id > 0 ? find(event.index, event.id) : nullptr;
  SimWorkload& w = workloads_[event.index];
  switch (event.kind) {
    case Event::Kind::kCreate:
      create(event.index);
      return reconcile(event.index);
    case Event::Kind::kStarted:
      if (pod != nullptr) started(event.index, *pod);
      return;
    case Event::Kind::kGone:
      return gone(event.index, event.id);
    case Event::Kind::kFault:
      for (SimPod& each : w.pods) {
        if (each.created == event.at || (worst(event.index, each) != nullptr) != each.ready)
          continue;
        events_.plan(event.at + w.random.below(5 * kSecond), Event::Kind::kStarted, event.index,
                     each.id);
      }
      return;
    case Event::Kind::kReverted:
      w.restarted_for.clear();
      for (SimPod& each : w.pods) each.generation = w.generation;
      w.ours_rolls = false;
      return changed_(event.index);
    default:
      return;
  }
}

}  // namespace profiling::simulate
