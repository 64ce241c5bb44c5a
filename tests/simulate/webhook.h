// The webhook's replicas: each sees records and pods with a delay of its own, in their order, and
// counts what it granted and has not seen yet.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "tests/simulate/cluster.h"
#include "tests/simulate/random.h"
#include "tests/simulate/store.h"

namespace profiling::simulate {

class Webhook {
 public:
  Webhook(const Scenario& scenario, std::size_t workloads);

  void recordWritten(std::size_t workload, const api::WorkloadRollout& record, Ms now);
  void podCounted(std::size_t workload, const SimPod& pod, bool came, Ms now);
  // What a new pod gets, from some replica.
  std::string admit(std::size_t workload, const SimPod& pod, Ms now);

  // The most pods that any replica may let carry the revision; -1: any number.
  std::int64_t mostPods(std::size_t workload, const std::string& revision) const;
  // Whether some replica has not yet seen the last record.
  bool behind(std::size_t workload) const;

 private:
  struct Seen {
    std::string assigned, stable;
    std::optional<std::int64_t> target_pods, first_ordinal;
    std::vector<std::pair<std::uint64_t, std::string>> pods, pending;  // id, revision
    std::uint64_t writes = 0;
  };
  struct News {
    Ms at = 0;
    std::size_t workload = 0;
    enum class Kind { kRecord, kCame, kWent } kind = Kind::kRecord;
    std::uint64_t id = 0;
    std::string revision = {};
    Seen record = {};  // kRecord: the first four
  };
  struct Replica {
    std::vector<Seen> seen;
    std::deque<News> coming;
    Random random{0};
  };
  void tell(News news, Ms now);
  static void read(Replica& replica, Ms now);

  const Scenario& scenario_;
  std::vector<Replica> replicas_;
  std::vector<std::uint64_t> writes_;
  Random random_;
};

}  // namespace profiling::simulate
