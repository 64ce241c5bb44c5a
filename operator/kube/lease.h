// Leadership by a Lease (coordination.k8s.io/v1) as a pure state machine: results of reads and
// writes go in, the next step comes out. No I/O, no threads; elector.cc drives it.
//
// The rules are client-go's (tools/leaderelection): a lease is free when it has no holder, or when
// *we* have seen the same renewal for its whole duration by our own clock; times written by others
// are never compared with our clock, so that skew does no harm. A write carries the resourceVersion
// of the read before it, so one of two candidates gets a conflict.
//
// A lease is a hint, not a lock: a holder that was frozen may wake up late. heldUntil() bounds how
// long it considers itself the leader (fence.h), and preconditions of writes cover the time
// between.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

#include "operator/base/clock.h"
#include "operator/base/status.h"

namespace profiling::kube {

// duration > renew_deadline > 2 × retry. The defaults are long, because operators with 15/10/2 lose
// their leader to etcd maintenance and slow API servers, and a stop releases the lease at once.
struct LeaseTiming {
  std::chrono::seconds duration{30};  // how long others wait after the last renewal they saw
  Millis renew_deadline{20'000};      // the holder steps down after this long without renewal
  Millis retry{4'000};                // between two renewals; a candidate reads twice as often
};

// InvalidArgument names the flags when the three do not fit together.
Status checkTiming(const LeaseTiming& timing);

struct LeaseRecord {
  std::string holder;  // empty: free
  int duration_seconds = 0;
  std::string acquire_time, renew_time;  // metav1.MicroTime
  int transitions = 0;
  std::string resource_version;

  bool operator==(const LeaseRecord&) const = default;
};

LeaseRecord leaseFromJson(const nlohmann::json& lease);
nlohmann::json leaseSpec(const LeaseRecord& record);

struct LeaseRead {};
struct LeaseWrite {
  LeaseRecord record;
  bool create = false;  // else patch, with record.resource_version as precondition
};
struct LeaseWait {
  Millis delay{0};
};
using LeaseStep = std::variant<LeaseRead, LeaseWrite, LeaseWait>;

// Not thread-safe. Each LeaseRead is answered by seen() or readFailed(), each LeaseWrite by
// written() or writeFailed(); a wait needs no answer.
class LeaseMachine {
 public:
  LeaseMachine(std::string identity, LeaseTiming timing);

  LeaseStep next(SteadyTime now, WallTime wall);

  void seen(const std::optional<LeaseRecord>& lease, SteadyTime now);  // nullopt: there is none
  void readFailed();
  // `sent`: a time before the write was sent.
  void written(const LeaseRecord& stored, SteadyTime sent);
  void writeFailed();  // for any reason: the lease is read again

  bool leading(SteadyTime now) const { return held_until_ && now < *held_until_; }
  std::optional<SteadyTime> heldUntil() const { return held_until_; }
  const std::string& holder() const { return observed_ ? observed_->holder : none_; }
  // The write that releases the lease; nullopt if we do not hold it.
  std::optional<LeaseWrite> release(WallTime wall) const;

 private:
  bool freeAt(SteadyTime now) const;
  LeaseWrite claim(WallTime wall) const;

  const std::string identity_;
  const LeaseTiming timing_;
  const std::string none_;

  enum class Next { kRead, kDecide, kWait };
  Next next_ = Next::kRead;
  std::optional<LeaseRecord> observed_;
  SteadyTime observed_at_{};
  std::optional<SteadyTime> held_until_;
};

}  // namespace profiling::kube
