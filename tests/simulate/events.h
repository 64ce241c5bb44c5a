// The simulated time: a queue of what is due, in the order of time and, within it, of planning.
#pragma once

#include <queue>
#include <vector>

#include "tests/simulate/scenario.h"

namespace profiling::simulate {

struct Event {
  enum class Kind {
    kCreate,    // the owner makes a pod
    kStarted,   // the pod's application is up, or dies, or does not come up
    kGone,      // a pod that was being deleted is
    kFault,     // one begins or ends: all pods of the workload are looked at anew
    kReverted,  // GitOps took our annotation away
    kScript,
    kPods,    // the controller's watch brings the pods of a workload
    kRecord,  // … the record of a workload
    kPlan,    // … the policy
    kDecide,
    kPoll,     // metrics and profiles are asked for
    kRestart,  // of the controller
    kLate      // an action of a controller that is no more reaches the cluster
  } kind = Kind::kCreate;
  Ms at = 0;
  std::size_t index = 0;  // of the workload, of the script's step or of the late action
  std::uint64_t id = 0;   // of the pod; of the controller's life
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
