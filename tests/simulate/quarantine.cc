// Quarantines, computed from the records that the decision was made from.
#include <algorithm>
#include <map>

#include "tests/simulate/invariants.h"

namespace profiling::simulate {

void Invariants::checkQuarantine(const Look& look) {
  const api::WorkloadRollout& before = look.workload.record;
  const api::WorkloadRollout& after = look.change.record;
  const std::string& target = after.target_revision;
  const auto& ours = look.plan.revisions;
  const auto isOurs = [&](const std::string& revision) {
    return std::find(ours.begin(), ours.end(), revision) != ours.end();
  };
  const bool gives = after.assigned_revision == target && !target.empty() &&
                     before.assigned_revision != target && after.stable_revision != target;
  if (!gives || !isOurs(target)) return;
  if (look.workload.overrides.approve == target || look.plan.promoted == target) return;
  if (look.workload.pods->empty()) return;  // only pods name the image
  // Workloads that had begun already, or whose pods got the agent before they were observed.
  if (before.step > 0 && isOurs(before.target_revision)) return;
  const bool carries = std::any_of(look.workload.pods->begin(), look.workload.pods->end(),
                                   [&](const engine::Pod& p) { return p.revision == target; });
  if (look.plan.immediate() && carries) return;
  const std::string& image = scenario_.workloads[look.index].image;
  const auto cleared = [&](const engine::Workload& w, bool revision) {
    return std::any_of(w.record.cleared.begin(), w.record.cleared.end(), [&](const auto& c) {
      return c.image == image && c.agent == agentOf(target) && (!revision || c.revision == target);
    });
  };
  for (const engine::Workload& w : look.world.workloads) {
    for (const api::ImageAgent& broken : w.record.quarantine) {
      if (broken.image != image) continue;
      const bool same = broken.agent == agentOf(target);
      const bool proven =
          std::any_of(look.world.workloads.begin(), look.world.workloads.end(),
                      [&](const engine::Workload& other) { return cleared(other, same); });
      if (proven) continue;
      if (same && isOurs(broken.revision)) {
        fail(Rule::kQuarantine, look.index,
             "the workload gets " + target + " although " + broken.agent + " broke " + image +
                 " in " + w.key);
      } else if (look.workload.kind != "CronJob" && after.target_pods.value_or(1000) > 1) {
        fail(Rule::kQuarantine, look.index,
             "the workload tries " + target + " in more than one pod");
      }
    }
  }
}

void Invariants::checkProbes(const engine::World& world, const engine::Decision& result) {
  std::map<std::string, std::int64_t> probes;
  std::vector<bool> probe;
  for (const engine::Workload& w : world.workloads) probe.push_back(w.record.probe);
  std::size_t begun = world.workloads.size();
  for (const engine::Change& change : result.changes) {
    if (change.record.probe && !probe[change.workload]) begun = change.workload;
    probe[change.workload] = change.record.probe;
  }
  if (begun == world.workloads.size()) return;
  for (std::size_t i = 0; i < probe.size(); ++i) {
    if (probe[i] && ++probes[scenario_.workloads[i].image] > 1) {
      fail(Rule::kQuarantine, begun,
           "a second workload tries image " + scenario_.workloads[i].image);
    }
  }
}

}  // namespace profiling::simulate
