// What the gates measure, asked for while something is being rolled out and not otherwise: CPU and
// memory, arrival of profiles, pressure on the storage server.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "controllers/engine/engine.h"
#include "controllers/rollout/gather.h"
#include "controllers/signals/arrival.h"
#include "controllers/signals/overhead.h"
#include "controllers/signals/pressure.h"
#include "operator/kube/client.h"
#include "operator/net/query_client.h"

namespace profiling::controllers {

inline constexpr engine::Duration kSignalInterval{10'000};
// So long a rise of discarded or refused profiles keeps new agents away.
inline constexpr engine::Duration kPressureMemory{60'000};

// Thread-safe. Everything given must outlive it; without `queries` arrival and pressure are
// unknown.
class Signals {
 public:
  Signals(kube::Client& client, net::QueryClient* queries, signals::AddressOverrides servers)
      : client_(client), queries_(queries), servers_(std::move(servers)) {}

  // Fills world.sources and, of workloads that are being judged, what was measured of their pods.
  // Asks at most once in kSignalInterval. True when there is something to ask for again.
  bool fill(const api::EffectivePolicy& policy, const api::ProfilingServer* server,
            const engine::Plan& plan, const std::vector<Member>& members, engine::World& world,
            const std::stop_token& stop);

 private:
  struct Asked {
    engine::Time at{};
    bool ok = true;
  };
  struct Pressure {
    signals::PressureCounters counters;
    bool known = false;
    std::string why;
    engine::Time since{};
  };
  bool due(const std::string& what, engine::Time now);
  void note(const std::string& what, bool ok);
  bool fine(const std::string& what) const;

  void askMetrics(const std::string& namespace_, engine::Time now, const std::stop_token& stop);
  void askArrival(const api::EffectivePolicy& policy, const signals::ServerRef& server,
                  const std::string& namespace_, const std::vector<const engine::Pod*>& pods,
                  engine::Time now, engine::Duration window, const std::stop_token& stop);
  void askPressure(const signals::ServerRef& server, engine::Time now, const std::stop_token& stop);
  engine::Workload measured(const engine::Workload& w, const std::string& namespace_,
                            const engine::Plan& plan, engine::Time now) const;

  kube::Client& client_;
  net::QueryClient* const queries_;
  const signals::AddressOverrides servers_;
  signals::OverheadSampler sampler_;

  mutable std::mutex mutex_;
  std::map<std::string, Asked> asked_;
  std::map<std::string, signals::LastSeen> seen_;  // by namespace
  std::map<std::string, Pressure> pressure_;       // by server
};

}  // namespace profiling::controllers
