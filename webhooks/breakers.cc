#include "webhooks/breakers.h"

#include <algorithm>

#include "operator/base/backoff.h"

namespace profiling::webhooks {
namespace {

std::string_view namespacePart(std::string_view pod) {
  return pod.substr(0, pod.find('/'));
}

WallTime fromSeconds(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

}  // namespace

void Breakers::refusal(const inject::RefusalEvent& event, bool listed) {
  if (event.owner_uid.empty()) return;
  const WallTime now = clock_.wall();
  // The clock of the controller that wrote the event may differ from ours.
  const WallTime at = listed ? std::min(fromSeconds(event.at), now) : now;
  if (at + first_hold_ <= now) return;
  const MutexLock lock(mutex_);
  Refused* held = refused_.find(event.namespace_, event.owner_uid);
  if (held != nullptr && at < held->until) {
    // Pods get no agent already: the cause is another one, or what the webhook wrote instead.
    held->without_agent = held->left_alone;
    return;
  }
  Refused entry = held == nullptr ? Refused() : *held;
  ++entry.times;
  entry.dated = event.at > 0 ? fromSeconds(event.at) : at;
  entry.until = at + growingWait(first_hold_, entry.times, kLongestHold);
  entry.left_alone = entry.without_agent = false;
  refused_.put(event.namespace_, event.owner_uid, entry.until.time_since_epoch().count(), entry);
}

inject::Refused Breakers::refused(std::string_view namespace_, std::string_view owner_uid,
                                  std::string_view template_hash) {
  const MutexLock lock(mutex_);
  Refused* entry = refused_.find(namespace_, owner_uid);
  if (entry == nullptr) return inject::Refused::kNo;
  const WallTime now = clock_.wall();
  if (now >= entry->until) {
    if (now >= entry->until + kLongestHold) refused_.erase(namespace_, owner_uid);
    return inject::Refused::kNo;
  }
  if (entry->template_hash.empty()) entry->template_hash = template_hash;
  if (entry->template_hash == template_hash) {
    entry->left_alone = true;
    return entry->without_agent ? inject::Refused::kWithoutAgent : inject::Refused::kWithAgent;
  }
  refused_.erase(namespace_, owner_uid);  // the owner has another template
  return inject::Refused::kNo;
}

void Breakers::Pulls::fail(const std::string& pod) {
  if (discounted.contains(pod)) return;
  auto& pods = failing[std::string(namespacePart(pod))];
  if (pods.insert(pod).second && pods.size() == kFailedPulls) ++out_namespaces;
}

void Breakers::Pulls::remove(const std::string& pod) {
  discounted.erase(pod);
  const auto it = failing.find(namespacePart(pod));
  if (it == failing.end() || it->second.erase(pod) == 0) return;
  if (it->second.size() + 1 == kFailedPulls) --out_namespaces;
  if (it->second.empty()) failing.erase(it);
}

bool Breakers::Pulls::out(std::string_view namespace_) const {
  if (out_namespaces >= kFailedPulls) return true;
  const auto it = failing.find(namespace_);
  return it != failing.end() && it->second.size() >= kFailedPulls;
}

bool Breakers::unpullable(std::string_view namespace_, std::string_view image) const {
  const MutexLock lock(mutex_);
  const auto it = pulls_.find(image);
  return it != pulls_.end() && it->second.out(namespace_);
}

void Breakers::pulled(const std::string& image) {
  const auto it = pulls_.find(image);
  if (it == pulls_.end()) return;
  for (auto& [namespace_, pods] : it->second.failing) it->second.discounted.merge(pods);
  it->second.failing.clear();
  it->second.out_namespaces = 0;
}

void Breakers::podSeen(const std::string& pod, const inject::PodFacts& facts) {
  const MutexLock lock(mutex_);
  if (facts.owner) {
    const Refused* held = refused_.find(facts.namespace_, facts.owner->uid);
    if (held != nullptr && fromSeconds(facts.created) > held->dated) {
      refused_.erase(facts.namespace_, facts.owner->uid);
    }
  }
  std::set<std::string> waits;
  for (const inject::AgentImageView& agent : facts.agent_images) {
    const std::string image(agent.image);
    if (agent.pulled) {
      const auto waited = waiting_.find(pod);
      if (waited != waiting_.end() && waited->second.contains(image)) pulled(image);
      continue;
    }
    waits.insert(image);
    if (!agent.failed) continue;
    pulls_[image].fail(pod);
  }
  if (waits.empty()) {
    waiting_.erase(pod);
  } else {
    waiting_[pod] = std::move(waits);
  }
}

void Breakers::podGone(const std::string& pod) {
  const MutexLock lock(mutex_);
  forget(pod);
}

void Breakers::keepPods(const std::function<bool(const std::string&)>& named) {
  const MutexLock lock(mutex_);
  std::set<std::string> gone;
  for (const auto& [pod, images] : waiting_) {
    if (!named(pod)) gone.insert(pod);
  }
  for (const auto& [image, pulls] : pulls_) {
    const auto collect = [&](const std::set<std::string>& pods) {
      std::ranges::copy_if(pods, std::inserter(gone, gone.end()),
                           [&](const std::string& pod) { return !named(pod); });
    };
    collect(pulls.discounted);
    for (const auto& [namespace_, pods] : pulls.failing) collect(pods);
  }
  for (const std::string& pod : gone) forget(pod);
}

void Breakers::forget(const std::string& pod) {
  waiting_.erase(pod);
  for (auto it = pulls_.begin(); it != pulls_.end();) {
    it->second.remove(pod);
    it = it->second.failing.empty() && it->second.discounted.empty() ? pulls_.erase(it)
                                                                     : std::next(it);
  }
}

Breakers::Stats Breakers::stats() const {
  const MutexLock lock(mutex_);
  const WallTime now = clock_.wall();
  Stats stats;
  refused_.forEach([&](const auto&, const auto&, const Refused& entry) {
    stats.refused_owners += now < entry.until ? 1 : 0;
  });
  for (const auto& [image, pulls] : pulls_) {
    stats.unpullable_images += pulls.out_namespaces > 0 ? 1 : 0;
  }
  return stats;
}

}  // namespace profiling::webhooks
