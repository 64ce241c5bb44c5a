// What an agent broke in one workload is begun in no other: an application image together with an
// agent of one version. Another version of the agent, or another revision of the policy that broke
// it, is tried in one pod of one workload first; what that pod proves is free for all.
//
// Nothing of it is kept elsewhere than in the records: a quarantine lasts as long as the record of
// the workload that failed, until that workload completes, or a person says retry there.
#include <algorithm>

#include "controllers/engine/machine_impl.h"
#include "operator/base/text.h"

namespace profiling::engine {
namespace {

using Entry = api::ImageAgent;

// "java 2.1.2" is a java.
std::string_view languageOf(std::string_view agent) {
  return agent.substr(0, agent.find(' '));
}

// The agent of the entry's language that the target would bring; null: none.
const std::string* agentFor(const Workload& w, const Entry& entry) {
  if (!contains(w.images, entry.image)) return nullptr;
  const auto it = std::find_if(w.agents.begin(), w.agents.end(), [&](const std::string& agent) {
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

enum class Standing { kFree, kProbe, kBlocked };

Standing standingOf(const Plan& plan, const World& world, const Workload& w, const Entry& entry,
                    const std::string& target, const std::vector<Entry>& cleared_here) {
  const std::string* agent = agentFor(w, entry);
  if (agent == nullptr) return Standing::kFree;
  const bool same = *agent == entry.agent;
  const auto proves = [&](const Entry& c) {
    return c.image == entry.image && c.agent == *agent && (!same || c.revision == target);
  };
  if (std::any_of(world.cleared.begin(), world.cleared.end(), proves) ||
      std::any_of(cleared_here.begin(), cleared_here.end(), proves)) {
    return Standing::kFree;
  }
  // Who has edited the policy since may have mended it.
  const bool edited = entry.policy == plan.policy && !contains(plan.revisions, entry.revision);
  return same && !edited ? Standing::kBlocked : Standing::kProbe;
}

}  // namespace

bool Machine::probes() const {
  if (jobs() || approved()) return false;
  return std::any_of(
      world_.quarantine.begin(), world_.quarantine.end(), [&](const World::Quarantined& q) {
        return standingOf(plan_, world_, w_, q.what, r_.target_revision, r_.cleared) ==
               Standing::kProbe;
      });
}

std::optional<Machine::Obstacle> Machine::quarantined() {
  if (world_.quarantine.empty() || approved()) return std::nullopt;
  // Of a policy that stages nothing its pods may have had the agent before anybody looked: they are
  // judged as they are.
  if (r_.step == 0 && plan_.immediate() && counts(r_.target_revision).on > 0) return std::nullopt;
  for (const World::Quarantined& q : world_.quarantine) {
    if (standingOf(plan_, world_, w_, q.what, r_.target_revision, r_.cleared) !=
        Standing::kBlocked) {
      continue;
    }
    const auto place = [](const std::string& key) { return split(key, '/').front(); };
    const bool near = place(q.workload) == place(w_.key);
    return Obstacle{"Quarantined",
                    "the agent " + q.what.agent + " broke image " + q.what.image + " in " +
                        (near ? q.workload : "another namespace") + " on " + q.what.time +
                        ": another version of the agent is tried in one pod first",
                    std::nullopt, true};
  }
  const bool tried = std::any_of(w_.images.begin(), w_.images.end(), [&](const std::string& image) {
    return contains(budget_.probed, image);
  });
  if (r_.step == 0 && tried && probes()) {
    return Obstacle{"AwaitingProbe",
                    "an agent broke this image before: a pod of another workload tries it first",
                    now_ + kLookAgain};
  }
  return std::nullopt;
}

void Machine::quarantine() {
  for (const Pod& pod : *w_.pods) {
    if (pod.revision != r_.target_revision || !pod.failure || pod.failure->image.empty()) continue;
    for (const std::string& agent : pod.failure->agents) {
      add(r_.quarantine,
          {pod.failure->image, agent, plan_.policy, r_.target_revision, timeText(now_)});
    }
  }
}

void Machine::clearQuarantine() {
  for (const World::Quarantined& q : world_.quarantine) {
    if (const std::string* agent = agentFor(w_, q.what)) {
      add(r_.cleared, {q.what.image, *agent, plan_.policy, r_.target_revision, timeText(now_)});
    }
  }
}

}  // namespace profiling::engine
