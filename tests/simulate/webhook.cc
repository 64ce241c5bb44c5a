#include "tests/simulate/webhook.h"

#include <algorithm>
#include <utility>

namespace profiling::simulate {

Webhook::Webhook(const Scenario& scenario, std::size_t workloads)
    : scenario_(scenario),
      replicas_(static_cast<std::size_t>(scenario.replicas)),
      writes_(workloads),
      random_(scenario.seed, 20) {
  std::uint64_t stream = 21;
  for (Replica& replica : replicas_) {
    replica.seen.resize(workloads);
    replica.random = Random(scenario.seed, stream++);
  }
}

void Webhook::tell(News news, Ms now) {
  for (Replica& replica : replicas_) {
    Ms at = now + (scenario_.calm ? 0 : replica.random.below(scenario_.slowest_watch));
    if (!replica.coming.empty()) at = std::max(at, replica.coming.back().at);
    news.at = at;
    replica.coming.push_back(news);
  }
}

void Webhook::recordWritten(std::size_t workload, const api::WorkloadRollout& r, Ms now) {
  News news{0, workload, News::Kind::kRecord};
  news.record.assigned = r.assigned_revision;
  news.record.stable = r.stable_revision;
  news.record.target_pods = r.target_pods;
  news.record.first_ordinal = r.first_ordinal;
  news.record.writes = ++writes_[workload];
  tell(std::move(news), now);
}

void Webhook::podCounted(std::size_t workload, const SimPod& pod, bool came, Ms now) {
  if (pod.revision.empty()) return;
  tell({0, workload, came ? News::Kind::kCame : News::Kind::kWent, pod.id, pod.revision, {}}, now);
}

void Webhook::read(Replica& replica, Ms now) {
  for (; !replica.coming.empty() && replica.coming.front().at <= now; replica.coming.pop_front()) {
    News& news = replica.coming.front();
    Seen& seen = replica.seen[news.workload];
    const auto same = [&](const auto& p) { return p.first == news.id; };
    switch (news.kind) {
      case News::Kind::kRecord:
        news.record.pods = std::move(seen.pods);
        news.record.pending = std::move(seen.pending);
        seen = std::move(news.record);
        break;
      case News::Kind::kCame:
        std::erase_if(seen.pending, same);
        seen.pods.emplace_back(news.id, news.revision);
        break;
      case News::Kind::kWent:
        std::erase_if(seen.pods, same);
        break;
    }
  }
}

std::string Webhook::admit(std::size_t workload, const SimPod& pod, Ms now) {
  Replica& replica = replicas_[static_cast<std::size_t>(random_.below(scenario_.replicas))];
  read(replica, now);
  Seen& seen = replica.seen[workload];
  if (seen.first_ordinal && pod.ordinal >= 0) {
    return pod.ordinal >= *seen.first_ordinal ? seen.assigned : seen.stable;
  }
  if (!seen.target_pods || seen.assigned.empty()) return seen.assigned;
  const auto of = [&](const auto& list) {
    return std::count_if(list.begin(), list.end(),
                         [&](const auto& p) { return p.second == seen.assigned; });
  };
  const std::int64_t left = *seen.target_pods - of(seen.pods);
  const std::int64_t share = (left + scenario_.replicas - 1) / scenario_.replicas;
  if (left <= 0 || of(seen.pending) >= share) return seen.stable;
  seen.pending.emplace_back(pod.id, seen.assigned);
  return seen.assigned;
}

std::int64_t Webhook::mostPods(std::size_t workload, const std::string& revision) const {
  std::int64_t most = 0;
  for (const Replica& replica : replicas_) {
    const Seen& seen = replica.seen[workload];
    if (seen.stable == revision) return -1;
    if (seen.assigned != revision) continue;
    if (!seen.target_pods || seen.first_ordinal) return -1;
    most = std::max(most, *seen.target_pods);
  }
  return most;
}

bool Webhook::behind(std::size_t workload) const {
  return std::any_of(replicas_.begin(), replicas_.end(), [&](const Replica& replica) {
    return replica.seen[workload].writes < writes_[workload];
  });
}

}  // namespace profiling::simulate
