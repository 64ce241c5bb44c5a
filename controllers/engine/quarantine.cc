// An application image that one version of an agent broke in one workload gets that agent in no
// other workload of the namespace, and in none of the cluster where a cluster policy or two
// namespaces have seen it. Another version of the agent, or another revision of the policy that broke it, is first
// tried in one pod of one workload; what that pod proves is cleared for all.
//
// All of it is kept in the records: a quarantine lasts as long as the record of the workload that
// failed, until that workload completes or a user retries it.
#include <algorithm>

#include "controllers/engine/machine_impl.h"
#include "operator/api/workload_key.h"

namespace profiling::engine {
namespace {

using api::RolloutReason;
using Entry = api::ImageAgent;

// "java" of "java 2.1.2".
std::string_view languageOf(std::string_view agent) {
  return agent.substr(0, agent.find(' '));
}

// The agent of the entry's language that the target would bring; null: none.
const std::string* agentFor(const Workload& w, const Entry& entry) {
  if (!contains(w.images, entry.image)) return nullptr;
  const auto it = std::ranges::find_if(w.agents, [&](const std::string& agent) {
    return languageOf(agent) == languageOf(entry.agent);
  });
  return it == w.agents.end() ? nullptr : &*it;
}

void add(std::vector<Entry>& list, Entry entry) {
  std::erase_if(list, [&](const Entry& e) {
    return e.image == entry.image && e.agent == entry.agent && e.revision == entry.revision;
  });
  list.insert(list.begin(), std::move(entry));
  if (list.size() > api::kMaxImageAgents) list.resize(api::kMaxImageAgents);
}

bool concerns(const World::Seen& seen, const Workload& w) {
  return seen.namespace_.empty() ||
         std::string_view(w.key).substr(0, w.key.find('/')) == seen.namespace_;
}

enum class Standing { kFree, kProbe, kBlocked };

Standing standingOf(const Plan& plan, const World& world, const Workload& w,
                    const World::Seen& quarantined, const std::string& target,
                    const std::vector<Entry>& cleared_here) {
  if (!concerns(quarantined, w)) return Standing::kFree;
  const Entry& entry = quarantined.what;
  const std::string* agent = agentFor(w, entry);
  if (agent == nullptr) return Standing::kFree;
  const bool same = *agent == entry.agent;
  const auto proves = [&](const Entry& c) {
    return c.image == entry.image && c.agent == *agent && (!same || c.revision == target);
  };
  const bool cleared = std::ranges::any_of(
      world.cleared, [&](const World::Seen& c) { return concerns(c, w) && proves(c.what); });
  if (cleared || std::ranges::any_of(cleared_here, proves)) return Standing::kFree;
  // An edit of the policy since then may have fixed it.
  const bool edited = entry.policy == plan.policy && !contains(plan.revisions, entry.revision);
  return same && !edited ? Standing::kBlocked : Standing::kProbe;
}

}  // namespace

bool Machine::probes() const {
  if (jobs() || approved()) return false;
  return std::ranges::any_of(world_.quarantine, [&](const World::Seen& q) {
    return standingOf(plan_, world_, w_, q, r_.target_revision, r_.cleared) == Standing::kProbe;
  });
}

std::optional<Machine::Obstacle> Machine::quarantined() {
  if (world_.quarantine.empty() || approved()) return std::nullopt;
  // Under a policy that stages nothing, pods may carry the agent already: they are judged as they
  // are.
  if (r_.step == 0 && plan_.immediate() && counts(r_.target_revision).on > 0) return std::nullopt;
  for (const World::Seen& q : world_.quarantine) {
    if (standingOf(plan_, world_, w_, q, r_.target_revision, r_.cleared) != Standing::kBlocked) {
      continue;
    }
    const auto theirs = api::WorkloadKey::parse(q.workload);
    const auto ours = api::WorkloadKey::parse(w_.key);
    const bool near = theirs && ours && theirs->namespace_ == ours->namespace_;
    return Obstacle{RolloutReason::kQuarantined,
                    strCat("the agent ", q.what.agent, " broke image ", q.what.image, " in ",
                           near ? q.workload : "another namespace", " at ", q.what.time,
                           ": another version of the agent is tried in one pod first"),
                    std::nullopt, true};
  }
  const bool tried = std::ranges::any_of(
      w_.images, [&](const std::string& image) { return contains(budget_.probed, image); });
  if (r_.step == 0 && tried && probes()) {
    return Obstacle{RolloutReason::kAwaitingProbe,
                    "an agent broke this image before: a pod of another workload tries it first",
                    now_ + kLookAgain};
  }
  return std::nullopt;
}

void Machine::quarantine() {
  for (const Pod& pod : *pods_) {
    if (pod.revision != r_.target_revision || !pod.failure || pod.failure->image.empty()) continue;
    for (const std::string& agent : pod.failure->agents) {
      add(r_.quarantine,
          {pod.failure->image, agent, plan_.policy, r_.target_revision, timeText(now_)});
    }
  }
}

void Machine::clearQuarantine() {
  for (const World::Seen& q : world_.quarantine) {
    if (const std::string* agent = concerns(q, w_) ? agentFor(w_, q.what) : nullptr) {
      add(r_.cleared, {q.what.image, *agent, plan_.policy, r_.target_revision, timeText(now_)});
    }
  }
}

}  // namespace profiling::engine
