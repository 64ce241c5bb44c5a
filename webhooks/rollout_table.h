// The rollout's assignment for each workload, and the number of its pods with an agent. A webhook
// process uses both to give a share of a workload's pods the target revision.
//
// Pods are counted from a watch, which lags; an admitted pod counts as pending until the watch
// shows it, or for kGrantLife if it is never created. Pods name the process that admitted them, so
// that no process counts another's pod as its own.
//
// A review may be forged, since the webhook asks for no client certificate by default. The uid of a
// pod's owner is what a forger does not know. So a place granted to a pod whose owner no record
// names yet (a ReplicaSet's first pods, or a forged one) is kept for kUnprovenLife only, and is
// never held against a pod of a known owner. The same holds for the pod that finds out a language.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/inject/assignment.h"

namespace profiling::webhooks {

inline constexpr Millis kGrantLife{60'000};
// Above kLag, so that a real pod is seen by then.
inline constexpr Millis kUnprovenLife{10'000};
// With several processes, a pod of this one counts as pending for this long after it was seen: the
// others' pods of the same moment may be seen later. While watches lag less than this, the bound of
// chooseRevision() holds. A single process does not wait.
inline constexpr Millis kLag{5'000};

// Names the container of a workload's template whose language a pod finds out. Pods without a workload
// share the key of their namespace's image.
std::string findKey(const inject::PodOfWorkload& pod, const inject::Guess& guess);

// Thread-safe: one short lock for each admission that may inject an agent.
class RolloutTable final : public inject::Assignments {
 public:
  // `replica` names this process; `replicas` is their number.
  RolloutTable(std::string replica, std::int64_t replicas, const Clock& clock = Clock::real());

  // From the watch of the records. `group` is "namespace/Kind/name"; `owners` are the uids of the
  // workload and of its ReplicaSets or Jobs. Without any, every owner counts as known.
  void setRecord(const std::string& record, std::string group,
                 std::optional<inject::Assignment> assignment, inject::KnownOfWorkload known = {},
                 std::vector<std::string> owners = {});
  void removeRecord(const std::string& record);
  void keepRecords(const std::function<bool(const std::string& record)>& named);

  // From the watch of the pods that have an agent. `replica`: the process that admitted the pod.
  // `finds`: the keys of the containers whose language it finds out, by findKey().
  void podSeen(const std::string& pod, const std::string& group, std::string_view revision,
               std::string_view replica, std::string_view owner_uid = {},
               std::vector<std::string> finds = {});
  void podGone(const std::string& pod);
  void keepPods(const std::function<bool(const std::string& pod)>& named);

  inject::RevisionChoice choose(const inject::PodOfWorkload& pod,
                                const std::shared_ptr<const api::EffectivePolicy>& policy,
                                bool dry_run) override;
  std::shared_ptr<const inject::KnownOfWorkload> known(
      const inject::PodOfWorkload& pod) const override;
  bool mayFindLanguage(const inject::PodOfWorkload& pod, const std::vector<inject::Guess>& guesses,
                       bool dry_run) override;
  void giveBack(const inject::PodOfWorkload& pod) override;
  const std::string& replica() const override { return replica_; }

  struct Stats {
    std::size_t records = 0, pods = 0, pending = 0;
  };
  Stats stats() const;

 private:
  struct Grants {
    std::string revision;
    std::deque<SteadyTime> since;     // times of grants whose pods have not been seen yet
    std::deque<SteadyTime> unproven;  // the same, of owners that were not known
    std::deque<SteadyTime> seen;      // times when pods were seen, of the last kLag
    void expire(SteadyTime now);
    bool empty() const { return since.empty() && unproven.empty() && seen.empty(); }
  };
  struct Group {
    std::optional<inject::Assignment> assignment;
    std::map<std::string, std::int64_t, std::less<>> live;  // by revision
    Grants grants;
    std::shared_ptr<const inject::KnownOfWorkload> known;
    std::vector<std::string> owners;  // uids; few
    bool proves(std::string_view owner_uid) const;
    bool empty() const { return !assignment && !known && live.empty() && grants.empty(); }
  };
  using Groups = std::map<std::string, Group, std::less<>>;
  struct PodRow {
    Groups::iterator group;
    std::string revision;
    std::vector<std::string> finds;
  };
  // The pods that find out what one container of a workload's template runs.
  struct Finders {
    std::int64_t live = 0;
    std::optional<SteadyTime> since;  // of the admitted pod that was not seen yet
    bool proven = true;               // its owner is known
    std::string last;                 // its name, where it has one of its own
    bool awaited(SteadyTime now) const;
  };

  void leave(const PodRow& row) PROFILING_REQUIRES(mutex_);
  void dropIfEmpty(Groups::iterator it) PROFILING_REQUIRES(mutex_);

  const std::string replica_;
  const std::int64_t replicas_;
  const Clock& clock_;
  mutable Mutex mutex_;
  Groups groups_ PROFILING_GUARDED_BY(mutex_);
  // From record to group.
  std::unordered_map<std::string, std::string> records_ PROFILING_GUARDED_BY(mutex_);
  std::unordered_map<std::string, PodRow> pods_ PROFILING_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Finders> finders_ PROFILING_GUARDED_BY(mutex_);
  SteadyTime next_sweep_ PROFILING_GUARDED_BY(mutex_){};
};

}  // namespace profiling::webhooks
