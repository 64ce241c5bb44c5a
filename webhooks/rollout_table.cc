#include "webhooks/rollout_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "operator/api/workload_key.h"
#include "operator/base/str_cat.h"

namespace profiling::webhooks {
namespace {

constexpr std::size_t kSpareFinders = 1000;

std::string keyOf(const inject::PodOfWorkload& pod) {
  return api::workloadKeyText(pod.namespace_, pod.kind, pod.name);
}

// The keys of `map` that a complete list did not name.
template <class Map>
std::vector<std::string> unnamed(const Map& map,
                                 const std::function<bool(const std::string&)>& named) {
  std::vector<std::string> gone;
  for (const auto& [key, value] : map) {
    if (!named(key)) gone.push_back(key);
  }
  return gone;
}

}  // namespace

bool RolloutTable::Group::proves(std::string_view owner_uid) const {
  return owners.empty() || std::ranges::find(owners, owner_uid) != owners.end();
}

void RolloutTable::Grants::expire(SteadyTime now) {
  const auto drop = [now](std::deque<SteadyTime>& times, Millis life) {
    while (!times.empty() && now - times.front() >= life) times.pop_front();
  };
  drop(seen, kLag);
  drop(since, kGrantLife);
  drop(unproven, kUnprovenLife);
}

bool RolloutTable::Finders::awaited(SteadyTime now) const {
  return since && now - *since < (proven ? kGrantLife : kUnprovenLife);
}

std::string findKey(const inject::PodOfWorkload& pod, const inject::Guess& guess) {
  const bool bare = pod.kind == "Pod";
  return strCat(api::workloadKeyText(pod.namespace_, pod.kind, bare ? "" : pod.name), '/',
                bare ? "" : pod.template_hash, '/', bare ? "" : guess.container, '/',
                guess.image_hash);
}

RolloutTable::RolloutTable(std::string replica, std::int64_t replicas, const Clock& clock)
    : replica_(std::move(replica)), replicas_(replicas), clock_(clock) {
}

void RolloutTable::dropIfEmpty(Groups::iterator it) {
  if (it->second.empty()) groups_.erase(it);
}

void RolloutTable::setRecord(const std::string& record, std::string group,
                             std::optional<inject::Assignment> assignment,
                             inject::KnownOfWorkload known_of, std::vector<std::string> owners) {
  const MutexLock lock(mutex_);
  const auto known = records_.find(record);
  if (known != records_.end() && known->second != group) {
    if (const auto it = groups_.find(known->second); it != groups_.end()) {
      it->second.assignment.reset();
      it->second.known.reset();
      it->second.owners.clear();
      dropIfEmpty(it);
    }
  }
  if (group.empty()) {
    records_.erase(record);
    return;
  }
  const auto it = groups_.try_emplace(group).first;
  it->second.assignment = std::move(assignment);
  it->second.owners = std::move(owners);
  it->second.known.reset();
  if (!known_of.empty()) {
    it->second.known = std::make_shared<const inject::KnownOfWorkload>(std::move(known_of));
  }
  dropIfEmpty(it);
  records_.insert_or_assign(record, std::move(group));
}

void RolloutTable::removeRecord(const std::string& record) {
  setRecord(record, {}, std::nullopt);
}

void RolloutTable::keepRecords(const std::function<bool(const std::string&)>& named) {
  std::vector<std::string> gone;
  {
    const MutexLock lock(mutex_);
    gone = unnamed(records_, named);
  }
  for (const std::string& record : gone) removeRecord(record);
}

void RolloutTable::leave(const PodRow& row) {
  auto& live = row.group->second.live;
  const auto it = live.find(row.revision);
  if (it != live.end() && --it->second == 0) live.erase(it);
  for (const std::string& key : row.finds) {
    const auto found = finders_.find(key);
    if (found == finders_.end()) continue;
    if (--found->second.live <= 0 && !found->second.since) finders_.erase(found);
  }
  dropIfEmpty(row.group);
}

void RolloutTable::podSeen(const std::string& pod, const std::string& group,
                           std::string_view revision, std::string_view replica,
                           std::string_view owner_uid, std::vector<std::string> finds) {
  const MutexLock lock(mutex_);
  const auto known = pods_.find(pod);
  if (known != pods_.end()) {
    if (known->second.revision == revision && known->second.group->first == group) return;
    const PodRow row = known->second;
    pods_.erase(known);
    leave(row);
  }
  const auto it = groups_.try_emplace(group).first;
  ++it->second.live[std::string(revision)];
  Grants& grants = it->second.grants;
  // Its owner may have become known since the grant.
  auto& likely = it->second.proves(owner_uid) ? grants.since : grants.unproven;
  auto& granted = !likely.empty() ? likely : grants.since.empty() ? grants.unproven : grants.since;
  if (replica == replica_ && grants.revision == revision && !granted.empty()) {
    granted.pop_front();
    if (replicas_ > 1) grants.seen.push_back(clock_.steady());
  }
  for (const std::string& key : finds) {
    Finders& finders = finders_[key];
    ++finders.live;
    finders.since.reset();
  }
  pods_.emplace(pod, PodRow{it, std::string(revision), std::move(finds)});
}

void RolloutTable::podGone(const std::string& pod) {
  const MutexLock lock(mutex_);
  const auto it = pods_.find(pod);
  if (it == pods_.end()) return;
  const PodRow row = it->second;
  pods_.erase(it);
  leave(row);
}

void RolloutTable::keepPods(const std::function<bool(const std::string&)>& named) {
  std::vector<std::string> gone;
  {
    const MutexLock lock(mutex_);
    gone = unnamed(pods_, named);
  }
  for (const std::string& pod : gone) podGone(pod);
}

inject::RevisionChoice RolloutTable::choose(
    const inject::PodOfWorkload& pod, const std::shared_ptr<const api::EffectivePolicy>& policy,
    bool dry_run) {
  const MutexLock lock(mutex_);
  const auto it = groups_.find(keyOf(pod));
  if (it == groups_.end() || !it->second.assignment) {
    return inject::chooseRevision(policy, nullptr, pod.ordinal, {});
  }
  Group& group = it->second;
  const inject::Assignment& assignment = *group.assignment;
  Grants& grants = group.grants;
  const SteadyTime now = clock_.steady();
  if (grants.revision != assignment.assigned) grants = {assignment.assigned, {}, {}, {}};
  grants.expire(now);
  const bool proven = group.proves(pod.owner_uid);
  const auto live = group.live.find(assignment.assigned);
  const auto seen = static_cast<std::int64_t>(grants.seen.size());
  const std::int64_t settled =
      std::max<std::int64_t>((live == group.live.end() ? 0 : live->second) - seen, 0);
  const std::size_t pending = grants.since.size() + (proven ? 0 : grants.unproven.size());
  inject::RevisionChoice choice =
      inject::chooseRevision(policy, &assignment, pod.ordinal,
                             {settled, static_cast<std::int64_t>(pending) + seen, replicas_});
  if (choice.counted && !dry_run) (proven ? grants.since : grants.unproven).push_back(now);
  return choice;
}

bool RolloutTable::mayFindLanguage(const inject::PodOfWorkload& pod,
                                   const std::vector<inject::Guess>& guesses, bool dry_run) {
  const MutexLock lock(mutex_);
  const SteadyTime now = clock_.steady();
  const auto group = groups_.find(keyOf(pod));
  const bool proven = group == groups_.end() || group->second.proves(pod.owner_uid);
  std::vector<std::string> keys;
  for (const inject::Guess& guess : guesses) {
    keys.push_back(findKey(pod, guess));
    const auto found = finders_.find(keys.back());
    if (found == finders_.end()) continue;
    const Finders& finders = found->second;
    // The API server may ask twice about one pod.
    const bool again = pod.kind == "Pod" && !pod.name.empty() && finders.last == pod.name;
    const bool taken = finders.awaited(now) && (finders.proven || !proven) && !again;
    if (finders.live > 0 || taken) return false;
  }
  if (dry_run) return true;
  // Keys of pods that were admitted and never created. Forged reviews may bring many.
  if (finders_.size() > 2 * pods_.size() + kSpareFinders && now >= next_sweep_) {
    next_sweep_ = now + kUnprovenLife;
    std::erase_if(finders_, [&](const auto& entry) {
      return entry.second.live == 0 && !entry.second.awaited(now);
    });
  }
  for (const std::string& key : keys) {
    Finders& finders = finders_[key];
    finders.since = now;
    finders.proven = proven;
    finders.last = pod.name;
  }
  return true;
}

void RolloutTable::giveBack(const inject::PodOfWorkload& pod) {
  const MutexLock lock(mutex_);
  const auto it = groups_.find(keyOf(pod));
  if (it == groups_.end()) return;
  Grants& grants = it->second.grants;
  auto& granted = it->second.proves(pod.owner_uid) ? grants.since : grants.unproven;
  if (!granted.empty()) granted.pop_back();
}

std::shared_ptr<const inject::KnownOfWorkload> RolloutTable::known(
    const inject::PodOfWorkload& pod) const {
  const MutexLock lock(mutex_);
  const auto it = groups_.find(keyOf(pod));
  return it == groups_.end() ? nullptr : it->second.known;
}

RolloutTable::Stats RolloutTable::stats() const {
  const MutexLock lock(mutex_);
  Stats stats{records_.size(), pods_.size(), 0};
  for (const auto& [key, group] : groups_)
    stats.pending += group.grants.since.size() + group.grants.unproven.size();
  return stats;
}

}  // namespace profiling::webhooks
