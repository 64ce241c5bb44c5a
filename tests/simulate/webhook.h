// The webhook's replicas: each is the product's own table of rollouts, which sees records and pods
// with a delay of its own, in their order.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulate/cluster.h"
#include "tests/simulate/random.h"
#include "tests/simulate/store.h"
#include "webhooks/rollout_table.h"

namespace profiling::simulate {

class Webhook {
 public:
  Webhook(const Scenario& scenario, std::size_t workloads);

  void recordWritten(std::size_t workload, const api::WorkloadRollout& record, Ms now);
  void podCounted(std::size_t workload, const SimPod& pod, bool came, Ms now);
  // The revision that a new pod gets from some replica.
  std::string admit(std::size_t workload, const SimPod& pod, Ms now);

  // The most pods that any replica may let carry the revision; -1: any number.
  std::int64_t mostPods(std::size_t workload, const std::string& revision) const;
  // Whether some replica has not yet seen the last record.
  bool behind(std::size_t workload) const;

 private:
  struct Seen {
    inject::Assignment assignment;
    std::uint64_t writes = 0;
  };
  struct News {
    Ms at = 0;
    std::size_t workload = 0;
    enum class Kind { kRecord, kCame, kWent } kind = Kind::kRecord;
    std::uint64_t id = 0;
    std::string revision = {};
    Seen record = {};              // kRecord
    std::string admitted_by = {};  // kCame
  };
  struct Replica {
    std::unique_ptr<webhooks::RolloutTable> table;
    std::vector<Seen> seen;
    std::deque<News> coming;
    Random random{0};
  };
  void tell(News news, Ms now);
  void read(Replica& replica, Ms now);
  void keep(const std::string& revision);

  class SimClock final : public Clock {
   public:
    SteadyTime steady() const override { return SteadyTime(std::chrono::milliseconds(now)); }
    WallTime wall() const override { return timeAt(now); }
    Ms now = 0;
  };

  const Scenario& scenario_;
  SimClock clock_;
  std::shared_ptr<const api::EffectivePolicy> policy_;  // with every revision that was assigned
  std::map<std::uint64_t, std::string> admitted_by_;    // by pod, for pods not yet reported
  std::vector<Replica> replicas_;
  std::vector<std::uint64_t> writes_;
  Random random_;
};

}  // namespace profiling::simulate
