// The inputs of the gates: CPU and memory, arrival of profiles, pressure on the storage server.
// Read only during a rollout.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "controllers/engine/engine.h"
#include "controllers/rollout/world_reader.h"
#include "controllers/signals/arrival.h"
#include "controllers/signals/lanes.h"
#include "controllers/signals/overhead.h"
#include "controllers/signals/pressure.h"
#include "operator/base/mutex.h"
#include "operator/kube/client.h"
#include "operator/net/query_client.h"

namespace profiling::controllers {

inline constexpr engine::Duration kGateInputInterval{10'000};
// How long a rise of discarded or refused profiles blocks new agents.
inline constexpr engine::Duration kPressureMemory{60'000};

// Thread-safe. Its arguments must outlive it; without `queries` arrival and pressure are unknown.
// Queries run on threads of their own, a server's one after the other: a slow server delays no
// verdict on a crash, and no question to another server.
class GateInputs {
 public:
  // `news` is called on those threads with the key of the policy that the query was for.
  GateInputs(kube::Client& client, net::QueryClient* queries, signals::AddressOverrides servers,
             std::function<void(const std::string& policy)> news)
      : client_(client), queries_(queries), servers_(std::move(servers)), news_(std::move(news)) {}

  void start();  // once; begins the queries
  void stop();   // ends them and waits for those under way

  // Fills world.sources and the measurements in the pods of workloads that are being judged, and
  // queues the next queries, each at most once in kGateInputInterval. True while queries repeat.
  bool fill(const api::EffectivePolicy& policy, const api::ProfilingServer* server,
            const engine::Plan& plan, const std::vector<Member>& members, engine::World& world);

 private:
  struct Asked {
    engine::Time at{};
    bool ok = true;
    bool under_way = false;
  };
  struct Pressure {
    signals::PressureCounters counters;
    bool known = false;
    std::string why;
    engine::Time since{};
  };
  // `ask` returns whether it was answered.
  void askLater(const std::string& lane, const std::string& policy, const std::string& what,
                engine::Time now, std::function<bool(const std::stop_token&)> ask);
  bool fine(const std::string& what) const;
  void queueMetrics(const std::string& policy, const std::string& namespace_, engine::Time now);
  void queueArrival(const api::EffectivePolicy& policy, const engine::Plan& plan,
                    const signals::ServerRef& server, const std::string& namespace_,
                    signals::LastSeen pods, engine::Time now);
  // Why the server is under pressure; empty: it is not.
  std::string pressureOf(const signals::ServerRef& server, engine::Time now) const;

  bool askMetrics(const std::string& namespace_, engine::Time now, const std::stop_token& stop);
  bool askArrival(const signals::ArrivalQuestion& question, const std::stop_token& stop);
  bool askPressure(const signals::ServerRef& server, engine::Time now, const std::stop_token& stop);
  std::shared_ptr<const engine::Pods> measured(const engine::Workload& w,
                                               const std::string& namespace_,
                                               const std::string& place, const engine::Plan& plan,
                                               engine::Time now) const;

  kube::Client& client_;
  net::QueryClient* const queries_;
  const signals::AddressOverrides servers_;
  signals::OverheadSampler sampler_;

  const std::function<void(const std::string&)> news_;

  mutable Mutex mutex_;
  std::map<std::string, Asked> asked_ PROFILING_GUARDED_BY(mutex_);
  // By namespace and server.
  std::map<std::string, signals::LastSeen> seen_ PROFILING_GUARDED_BY(mutex_);
  std::map<std::string, Pressure> pressure_ PROFILING_GUARDED_BY(mutex_);  // by server
  signals::Lanes lanes_;  // last: its threads use what stands above
};

}  // namespace profiling::controllers
