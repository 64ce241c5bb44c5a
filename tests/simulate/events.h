// Simulated time: a queue of events, ordered by due time, then by insertion.
#pragma once

#include <queue>
#include <vector>

#include "tests/simulate/scenario.h"

namespace profiling::simulate {

struct Event {
  enum class Kind {
    kCreate,    // the owner creates a pod
    kStarted,   // the pod's application is running, crashes, or fails to start
    kGone,      // a terminating pod is gone
    kFault,     // a fault begins or ends: all pods of the workload are re-evaluated
    kReverted,  // GitOps removed our annotation
    kScript,
    kPods,    // the controller's watch delivers the pods of a workload
    kRecord,  // … the record of a workload
    kPlan,    // … the policy
    kDecide,
    kPoll,     // metrics and profiles are queried
    kRestart,  // the controller restarts
    kLate      // an action of a dead controller reaches the cluster
  } kind = Kind::kCreate;
  Ms at = 0;
  std::size_t index = 0;  // index of the workload, script step or late action
  std::uint64_t id = 0;   // the pod's id, or the controller process's
  std::uint64_t order = 0;
};

class Events {
 public:
  void plan(Ms at, Event::Kind kind, std::size_t index = 0, std::uint64_t id = 0) {
    queue_.push({kind, at < now_ ? now_ : at, index, id, ++order_});
  }
  bool empty() const { return queue_.empty(); }
  Event take() {
    const Event event = queue_.top();
    queue_.pop();
    now_ = event.at;
    return event;
  }
  Ms now() const { return now_; }
  Ms next() const { return queue_.empty() ? kNever : queue_.top().at; }

 private:
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };
  std::priority_queue<Event, std::vector<Event>, Later> queue_;
  Ms now_ = 0;
  std::uint64_t order_ = 0;
};

}  // namespace profiling::simulate
