#include "tests/simulate/webhook.h"

#include <algorithm>
#include <utility>

namespace profiling::simulate {

namespace {

constexpr const char* kPolicy = "simulated";

std::string keyOf(std::size_t workload) {
  return "w" + std::to_string(workload);
}
std::string groupOf(const Scenario& scenario, std::size_t workload) {
  return "simulated/" + scenario.workloads[workload].kind + "/" + keyOf(workload);
}

}  // namespace

Webhook::Webhook(const Scenario& scenario, std::size_t workloads)
    : scenario_(scenario),
      replicas_(static_cast<std::size_t>(scenario.replicas)),
      writes_(workloads),
      random_(scenario.seed, 20) {
  auto policy = std::make_shared<api::EffectivePolicy>();
  policy->policy.metadata.name = kPolicy;
  policy->policy.spec.rollout.emplace().pods.steps = {10, 100};
  policy_ = std::move(policy);
  std::uint64_t stream = 21;
  for (Replica& replica : replicas_) {
    replica.table =
        std::make_unique<webhooks::RolloutTable>(std::to_string(stream), scenario.replicas, clock_);
    replica.seen.resize(workloads);
    replica.random = Random(scenario.seed, stream++);
  }
}

void Webhook::keep(const std::string& revision) {
  if (revision.empty() || policy_->at(revision)) return;
  auto policy = std::make_shared<api::EffectivePolicy>(*policy_);
  auto kept = std::make_shared<api::EffectivePolicy>();
  kept->revision = revision;
  policy->revisions.push_back(std::move(kept));
  policy_ = std::move(policy);
}

void Webhook::tell(News news, Ms now) {
  for (Replica& replica : replicas_) {
    Ms at = now + (scenario_.undisturbed ? 0 : replica.random.below(scenario_.slowest_watch));
    if (!replica.coming.empty()) at = std::max(at, replica.coming.back().at);
    news.at = at;
    replica.coming.push_back(news);
  }
}

void Webhook::recordWritten(std::size_t workload, const api::WorkloadRollout& r, Ms now) {
  keep(r.assigned_revision);
  keep(r.stable_revision);
  api::WorkloadProfile record;
  record.status.policy_ref = {std::string(api::ProfilingPolicy::kKind), kPolicy};
  record.status.rollout = r;
  News news{0, workload, News::Kind::kRecord};
  news.record = {*inject::assignmentOf(record), ++writes_[workload]};
  tell(std::move(news), now);
}

void Webhook::podCounted(std::size_t workload, const SimPod& pod, bool came, Ms now) {
  if (pod.revision.empty()) return;
  News news{0, workload, came ? News::Kind::kCame : News::Kind::kWent, pod.id, pod.revision};
  if (const auto by = admitted_by_.find(pod.id); came && by != admitted_by_.end()) {
    news.admitted_by = by->second;
    admitted_by_.erase(by);
  }
  tell(std::move(news), now);
}

void Webhook::read(Replica& replica, Ms now) {
  for (; !replica.coming.empty() && replica.coming.front().at <= now; replica.coming.pop_front()) {
    const News& news = replica.coming.front();
    clock_.now = news.at;
    const std::string pod = std::to_string(news.id);
    const std::string group = groupOf(scenario_, news.workload);
    switch (news.kind) {
      case News::Kind::kRecord:
        replica.seen[news.workload] = news.record;
        replica.table->setRecord(keyOf(news.workload), group, news.record.assignment);
        break;
      case News::Kind::kCame:
        replica.table->podSeen(pod, group, news.revision, news.admitted_by);
        break;
      case News::Kind::kWent:
        replica.table->podGone(pod);
        break;
    }
  }
  clock_.now = now;
}

std::string Webhook::admit(std::size_t workload, const SimPod& pod, Ms now) {
  Replica& replica = replicas_[static_cast<std::size_t>(random_.below(scenario_.replicas))];
  read(replica, now);
  const std::string name = keyOf(workload);
  const auto choice = replica.table->choose(
      {"simulated", scenario_.workloads[workload].kind, name, pod.ordinal}, policy_, false);
  if (choice.counted) admitted_by_[pod.id] = replica.table->replica();
  return choice.policy ? choice.policy->revision : std::string();
}

std::int64_t Webhook::mostPods(std::size_t workload, const std::string& revision) const {
  std::int64_t most = 0;
  for (const Replica& replica : replicas_) {
    const inject::Assignment& a = replica.seen[workload].assignment;
    if (a.stable == revision) return -1;
    if (a.assigned != revision) continue;
    if (!a.target_pods || a.first_ordinal) return -1;
    most = std::max(most, *a.target_pods);
  }
  return most;
}

bool Webhook::behind(std::size_t workload) const {
  return std::any_of(replicas_.begin(), replicas_.end(), [&](const Replica& replica) {
    return replica.seen[workload].writes < writes_[workload];
  });
}

}  // namespace profiling::simulate
