// Takes part in leader election: drives a LeaseMachine (lease.h) over a Client in its own thread.
//
//   Elector elector(client, {"profiling-system", "profiling-operator", identity}, timing, clock);
//   elector.start([&] { … begin to write … }, [&](const std::string& why) { … exit … });
//   …   elector.stop([&] { … end all writing … });   // releases the lease
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/kube/client.h"
#include "operator/kube/fence.h"
#include "operator/kube/lease.h"

namespace profiling::kube {

struct ElectorOptions {
  std::string namespace_;
  std::string name;
  std::string identity;  // unique among all processes that ever compete; see makeIdentity()
  LeaseTiming timing;
  nlohmann::json metadata =
      nlohmann::json::object();  // labels and owners of a lease that we create
};

// "<host>_<16 random hex digits>".
std::string makeIdentity(std::string_view host);

class Elector final : public Fence {
 public:
  // `client` and `clock` must outlive the elector. The client's deadline should be a quarter of the
  // renewal deadline, so that one hanging call cannot lose the lease, and it should share no
  // connections, so that no other traffic can delay a renewal.
  Elector(Client& client, ElectorOptions options, const Clock& clock = Clock::real());
  ~Elector() override { stop(); }
  Elector(const Elector&) = delete;
  Elector& operator=(const Elector&) = delete;

  // Both run on the elector's thread: `elected` at most once, `lost` at most once and only after
  // `elected`. The lease is not renewed after `lost`, so the process should exit.
  void start(std::function<void()> elected, std::function<void(const std::string& why)> lost);
  // Ends the thread, calls `before_release` (to end all writes while leadership still lasts), then
  // releases the lease if we hold it. May be called again.
  void stop(const std::function<void()>& before_release = {});

  // Thread-safe.
  std::optional<SteadyTime> heldUntil() const override;
  bool leading() const;
  std::string holder() const;   // as last read; empty: none
  SteadyTime lastTurn() const;  // when the loop last moved, for a liveness check

 private:
  void run(const std::stop_token& stop);
  void turn(const LeaseStep& step, const std::stop_token& stop);
  void read(const std::stop_token& stop);
  void write(const LeaseWrite& write, const std::stop_token& stop);
  Result<nlohmann::json> send(const LeaseWrite& write, const std::stop_token& stop);
  void publish();

  Client& client_;
  const ElectorOptions options_;
  const Clock& clock_;
  LeaseMachine machine_;  // used by the elector's thread, and by stop() after it has ended
  Status last_error_;     // likewise
  std::function<void()> elected_;
  std::function<void(const std::string&)> lost_;

  mutable Mutex mutex_;
  std::optional<SteadyTime> held_until_ PROFILING_GUARDED_BY(mutex_);
  std::string holder_ PROFILING_GUARDED_BY(mutex_);
  SteadyTime last_turn_ PROFILING_GUARDED_BY(mutex_);

  std::jthread thread_;
};

}  // namespace profiling::kube
