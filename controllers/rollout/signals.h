// What the gates measure, asked for while something is being rolled out and not otherwise: CPU and
// memory, arrival of profiles, pressure on the storage server.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
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
// unknown. A thread of its own asks, so that a server that is slow delays no verdict on a crash.
class Signals {
 public:
  // `news` is called on that thread with the key of the policy that something was learnt for.
  Signals(kube::Client& client, net::QueryClient* queries, signals::AddressOverrides servers,
          std::function<void(const std::string& policy)> news)
      : client_(client), queries_(queries), servers_(std::move(servers)), news_(std::move(news)) {}

  void start();  // once
  void stop();

  // Fills world.sources and, of workloads that are being judged, what is known of their pods, and
  // has the rest asked for, each thing at most once in kSignalInterval. True when there is
  // something to ask for again.
  bool fill(const api::EffectivePolicy& policy, const api::ProfilingServer* server,
            const engine::Plan& plan, const std::vector<Member>& members, engine::World& world);

 private:
  struct Asked {
    engine::Time at{};
    bool ok = true;
    bool under_way = false;
  };
  struct Task {
    std::string policy, what;
    std::function<bool(const std::stop_token& stop)> ask;  // whether there was an answer
  };
  struct Pressure {
    signals::PressureCounters counters;
    bool known = false;
    std::string why;
    engine::Time since{};
  };
  void askLater(const std::string& policy, const std::string& what, engine::Time now,
                std::function<bool(const std::stop_token&)> ask);
  void work(const std::stop_token& stop);
  bool fine(const std::string& what) const;

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

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Task> tasks_;
  std::map<std::string, Asked> asked_;
  std::map<std::string, signals::LastSeen> seen_;  // by namespace and server
  std::map<std::string, Pressure> pressure_;       // by server
  std::jthread thread_;
};

}  // namespace profiling::controllers
