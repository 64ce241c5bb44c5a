// Owners: replica counts, template rollouts, and interference by others.
#include <algorithm>

#include "tests/simulate/cluster.h"

namespace profiling::simulate {

void Cluster::reconcile(std::size_t workload) {
  SimWorkload& w = workloads_[workload];
  if (w.spec->batch()) return;
  while (w.live() > w.replicas + (w.rolling() && w.spec->surges ? 1 : 0)) {
    // Pods of the old template first, then pods that are not running; for a StatefulSet the last one.
    SimPod* victim = nullptr;
    const auto key = [&](const SimPod& p) {
      return std::make_tuple(-p.ordinal, p.generation, p.ready, -p.created);
    };
    for (SimPod& pod : w.pods) {
      if (!pod.deleting && (victim == nullptr || key(pod) < key(*victim))) victim = &pod;
    }
    remove(workload, *victim);
  }
  roll(workload);
  if (w.spec->ordinals()) {
    // The successor has the same name, so it is created once the pod is gone.
    const auto there = static_cast<std::int64_t>(w.pods.size());
    for (std::int64_t n = there + w.creating; n < w.replicas; ++n) planCreate(workload);
  } else {
    const bool same_place = w.spec->kind == "DaemonSet";
    const auto there = same_place ? static_cast<std::int64_t>(w.pods.size()) : w.live();
    const std::int64_t wanted = w.replicas + (w.rolling() && w.spec->surges ? 1 : 0);
    for (std::int64_t n = there + w.creating; n < wanted; ++n) planCreate(workload);
  }
  if (w.live() >= w.replicas && w.creating == 0 && w.unfilled > 0) {
    // Scaled down: the pod is not replaced.
    for (; w.unfilled > 0 && !w.holes.empty(); --w.unfilled) w.holes.erase(w.holes.begin());
    w.unfilled = 0;
  }
  if (!w.rolling()) w.ours_rolls = false;
}

void Cluster::roll(std::size_t workload) {
  SimWorkload& w = workloads_[workload];
  if (!w.rolling()) return;
  std::int64_t ready = 0;
  bool leaving = false;
  SimPod* victim = nullptr;
  for (SimPod& pod : w.pods) {
    if (pod.deleting) leaving = true;
    if (pod.deleting) continue;
    if (pod.ready) ++ready;
    if (pod.generation >= w.generation) continue;
    if (w.spec->ordinals() && pod.ordinal < w.spec->partition) continue;
    const auto key = [](const SimPod& p) { return std::make_tuple(p.ready, -p.ordinal, p.id); };
    if (victim == nullptr || key(pod) < key(*victim)) victim = &pod;
  }
  if (victim == nullptr) return;
  const bool spare = w.spec->surges ? ready > w.replicas : ready >= w.replicas && !leaving;
  if (spare || (!victim->ready && !leaving)) remove(workload, *victim);
}

void Cluster::lose(std::size_t workload) {
  SimWorkload& w = workloads_[workload];
  if (w.pods.empty() || w.spec->batch()) return;
  const auto i = static_cast<std::size_t>(w.random.below(static_cast<std::int64_t>(w.pods.size())));
  remove(workload, w.pods[i]);
  reconcile(workload);
}

void Cluster::deploy(std::size_t workload) {
  SimWorkload& w = workloads_[workload];
  ++w.generation;
  w.ours_rolls = false;
  changed_(workload);
  reconcile(workload);
}

void Cluster::scale(std::size_t workload, std::int64_t replicas) {
  SimWorkload& w = workloads_[workload];
  if (w.spec->batch() || w.spec->kind == "DaemonSet") return;
  w.replicas = replicas;
  reconcile(workload);
}

void Cluster::run(std::size_t workload) {
  ++workloads_[workload].creating;
  events_.plan(events_.now(), Event::Kind::kCreate, workload);
}

void Cluster::heal(std::size_t workload) {
  SimWorkload& w = workloads_[workload];
  w.paused = w.budget_spent = false;
  changed_(workload);
  reconcile(workload);
}

Answer Cluster::take(std::size_t workload, const std::string& uid, bool evict) {
  SimWorkload& w = workloads_[workload];
  const auto pod =
      std::find_if(w.pods.begin(), w.pods.end(), [&](const SimPod& p) { return p.uid() == uid; });
  if (pod == w.pods.end()) return Answer::kGone;
  if (pod->deleting) return Answer::kNothing;
  if (evict && w.budget_spent) return Answer::kRefused;
  if (pod->ready) {
    w.holes.push_back(events_.now());
    ++w.unfilled;
  }
  // To delete a pod that does not run takes nothing away and needs no place.
  if (evict || pod->ready) w.touched = events_.now();
  remove(workload, *pod);
  reconcile(workload);
  return Answer::kDone;
}

Answer Cluster::restart(std::size_t workload, const std::string& token) {
  SimWorkload& w = workloads_[workload];
  if (w.restarted_for == token) return Answer::kNothing;
  w.restarted_for = token;
  ++w.generation;
  w.ours_rolls = true;
  w.touched = events_.now();
  if (w.spec->reverts) {
    events_.plan(events_.now() + 30 * kSecond, Event::Kind::kReverted, workload);
  }
  changed_(workload);
  reconcile(workload);
  return Answer::kDone;
}

engine::Owner Cluster::owner(std::size_t workload) const {
  const SimWorkload& w = workloads_[workload];
  engine::Owner owner;
  owner.replicas = w.replicas;
  owner.rolling_out = w.rolling();
  owner.paused = w.paused;
  owner.on_delete = w.spec->on_delete;
  owner.partition = w.spec->partition;
  owner.surges = w.spec->surges;
  owner.autoscaled_to_maximum = w.spec->at_maximum;
  owner.disruptions_allowed = !w.budget_spent;
  owner.restarted_for = w.restarted_for;
  return owner;
}

}  // namespace profiling::simulate
