// Worlds for tests of the engine: a clock, workloads with pods, and decisions that are carried out
// at once, as an API server, an owner and a webhook without delay would.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controllers/engine/engine.h"
#include "controllers/engine/times.h"

namespace profiling::engine {

using State = api::WorkloadState;
using api::Attribution;
using api::Verdict;

inline constexpr const char* kTarget = "1111111111";

class TestWorld {
 public:
  TestWorld() {
    plan.policy = "shop/checkout";
    plan.revisions = {kTarget};
    plan.mode = api::RestartMode::kManaged;
    plan.cooldown = Duration(0);
    world.now = timeOf("2026-08-03T12:00:00Z");  // a Monday
  }

  // Ready pods without an agent, an hour old.
  Workload& add(const std::string& name, int pods, const std::string& kind = "Deployment") {
    Workload w;
    w.key = "shop/" + kind + "/" + name;
    w.kind = kind;
    w.bucket = static_cast<std::uint32_t>(world.workloads.size()) * 100;
    Pods list;
    for (int i = 0; i < pods; ++i) {
      Pod pod;
      pod.name = name + "-" + std::to_string(i);
      pod.uid = "uid-" + pod.name;
      pod.template_hash = "abc";
      pod.ready = true;
      pod.created = world.now + api_ahead - std::chrono::hours(1);
      if (kind == "StatefulSet") pod.ordinal = i;
      list.push_back(pod);
    }
    w.pods = std::make_shared<const Pods>(std::move(list));
    Owner owner;
    owner.replicas = pods;
    w.owner = owner;
    world.workloads.push_back(std::move(w));
    return world.workloads.back();
  }

  // What a controller reads from the records of the cluster before it decides.
  void readQuarantine() {
    world.quarantine.clear();
    world.cleared.clear();
    for (const Workload& w : world.workloads) {
      for (const auto& what : w.record.quarantine)
        world.quarantine.push_back({w.key, what, concerned});
      for (const auto& what : w.record.cleared) world.cleared.push_back({w.key, what});
    }
    for (Workload& w : world.workloads) {
      w.images.clear();
      w.agents.clear();
      const bool named = std::any_of(world.quarantine.begin(), world.quarantine.end(),
                                     [&](const auto& q) { return q.what.image == images[w.key]; });
      if (!named) continue;
      w.images = {images[w.key]};
      w.agents = {agent};
    }
  }

  // Decides once, writes the records and acts: an evicted pod comes back at once, as the record
  // says.
  Decision pass() {
    readQuarantine();
    Decision result = decide(plan, world);
    for (const Change& change : result.changes) {
      Workload& w = world.workloads[change.workload];
      w.record = change.record;
      for (const Action& action : change.actions) {
        if (!lags) {
          act(w, action);
          continue;
        }
        late_.emplace_back(change.workload, action);
        // Owners are read when they are needed.
        if (action.kind == Action::Kind::kRolloutRestart) w.owner->restarted_for = action.token;
      }
    }
    world.record = result.policy;
    plan.stable = result.stable;
    return result;
  }
  // Until nothing changes any more within a second, at most so many passes.
  void settle(int passes = 200) {
    for (int i = 0; i < passes; ++i) {
      const Decision result = pass();
      if (!result.changes.empty()) continue;
      if (!result.again || *result.again > world.now + std::chrono::seconds(1)) return;
      world.now = *result.again;
    }
  }
  void after(Duration time) {
    world.now += time;
    settle();
  }

  // The watches show what was asked for while they lagged.
  void catchUp() {
    lags = false;
    for (const auto& [at, action] : std::exchange(late_, {})) act(world.workloads.at(at), action);
  }

  template <class Change>
  void eachPod(Workload& w, Change&& change) {
    Pods pods = *w.pods;
    for (Pod& pod : pods) change(pod);
    w.pods = std::make_shared<const Pods>(std::move(pods));
  }
  int on(const Workload& w, const std::string& revision = kTarget) const {
    int count = 0;
    for (const Pod& pod : *w.pods) count += pod.revision == revision ? 1 : 0;
    return count;
  }
  Workload& workload(std::size_t i) { return world.workloads.at(i); }
  const api::WorkloadRollout& record(std::size_t i) const { return world.workloads.at(i).record; }

  Plan plan;
  World world;
  std::vector<std::string> replaced;          // names, in order
  std::set<std::string> crashing;             // revisions whose pods crash
  std::map<std::string, std::string> images;  // digest, by workload
  std::string concerned;                      // namespace of what is quarantined; empty: all
  std::string agent = "java 1.0";             // of the target
  bool injects = true;                        // the webhook is there
  bool lags = false;                          // pods are not seen to change
  Duration api_ahead{0};                      // of the API server's clock
  std::string answer;                         // of a webhook that gives no agent
  std::string template_carries;  // the revision that every new pod has, whatever is assigned

 private:
  void act(Workload& w, const Action& action) {
    Pods pods = *w.pods;
    if (action.kind == Action::Kind::kRolloutRestart) {
      replaced.push_back(w.key + " restart " + action.token);
      w.owner->restarted_for = action.token;
      for (Pod& pod : pods) start(w, pods, pod);
    } else {
      for (Pod& pod : pods) {
        if (pod.uid != action.uid) continue;
        replaced.push_back(pod.name);
        start(w, pods, pod);
      }
    }
    w.pods = std::make_shared<const Pods>(std::move(pods));
  }
  std::vector<std::pair<std::size_t, Action>> late_;

  void start(const Workload& w, const Pods& pods, Pod& pod) {
    const api::WorkloadRollout& r = w.record;
    pod.revision.clear();
    std::int64_t have = 0;
    for (const Pod& other : pods) have += other.revision == r.assigned_revision ? 1 : 0;
    const bool share =
        r.first_ordinal ? pod.ordinal >= *r.first_ordinal : !r.target_pods || have < *r.target_pods;
    if (injects) pod.revision = share ? r.assigned_revision : r.stable_revision;
    if (!template_carries.empty()) pod.revision = template_carries;
    pod.answer = pod.revision.empty() ? answer : "";
    pod.uid += "+";
    pod.created = world.now + api_ahead;
    pod.restarts = 0;
    pod.failure.reset();
    pod.ready = true;
    pod.samples = 0;
    pod.cpu_milli.reset();
    pod.memory_bytes.reset();
    if (crashing.count(pod.revision) != 0 && !pod.revision.empty()) {
      pod.ready = false;
      pod.restarts = 2;
      const auto image = images.find(w.key);
      pod.failure = Failure{"app", false, false, 139, "Error", "", "", {agent}};
      if (image != images.end()) pod.failure->image = image->second;
    }
  }
};

}  // namespace profiling::engine
