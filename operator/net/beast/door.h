// The books of one server's connections: who may come in, who has to leave for that, and how many
// bytes of bodies are in memory. Internal; no I/O, time is an argument. Thread-safe.
//
// Fairness is by peer, which is an address. When a cap is reached, a connection that waits gives
// way: an idle one, or one that has spent more than kPatience on a handshake, on sending its request
// or on taking the answer.
// The peer with the most connections gives one first, then the longest wait counts. So a flood
// displaces its own connections, and a peer with few always gets in.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/net/http_server.h"

namespace profiling::net::beast {

inline constexpr std::chrono::milliseconds kPatience{1'000};

enum class Phase { kOpening, kIdle, kReading, kAnswering };

class Door {
 private:
  struct Peer {
    std::size_t guests = 0;       // connections until left()
    std::size_t connections = 0;  // of them, those that were not sent away
    std::size_t bytes = 0;
    double handshakes = 0;  // that it may still begin
    SteadyTime refilled;
  };
  using Peers = std::map<std::string, Peer, std::less<>>;
  struct Guest {
    Peers::iterator peer;
    std::function<void()> leave;
    SteadyTime since;  // of the phase
    Phase phase = Phase::kOpening;
    std::size_t bytes = 0;
    bool sent_away = false;
  };

 public:
  using Ticket = std::list<Guest>::iterator;  // of a connection, from enter() to left()

  explicit Door(const ServerLimits& limits) : limits_(limits) {}

  // Registers a connection; nullopt with `refusal` (connection_cap, peer_cap or handshake_rate) if
  // nothing gives way. `leave` is called at most once, under the lock and on any thread, when this
  // connection has to give way: it must only post. True in `displaced` if another one had to.
  std::optional<Ticket> enter(const std::string& name, std::function<void()> leave, SteadyTime now,
                              std::string_view& refusal, bool& displaced);
  void left(Ticket ticket);

  // False: the connection was sent away meanwhile and closes. An idle connection holds no bytes.
  bool enterPhase(Ticket ticket, Phase phase, SteadyTime now);

  // Counts `bytes` more in memory for the connection. False: there is no room, neither in the
  // process nor in the peer's share (half of it), and nothing could give way.
  bool reserve(Ticket ticket, std::size_t bytes, SteadyTime now);

  struct Totals {
    std::size_t connections = 0, bytes = 0, peers = 0;
  };
  Totals totals() const;

 private:
  bool mayShakeHands(Peer& peer, SteadyTime now) const PROFILING_REQUIRES(mutex_);
  // Sends one connection away (of `only` if set); false if none waits.
  bool makeRoom(const Peer* only, SteadyTime now) PROFILING_REQUIRES(mutex_);
  bool freeBytes(const Peer& asking, SteadyTime now) PROFILING_REQUIRES(mutex_);
  void sendAway(Guest& guest) PROFILING_REQUIRES(mutex_);
  void dropBytes(Guest& guest) PROFILING_REQUIRES(mutex_);
  void uncount(Guest& guest) PROFILING_REQUIRES(mutex_);
  void forgetPeers(SteadyTime now) PROFILING_REQUIRES(mutex_);

  const ServerLimits& limits_;
  mutable Mutex mutex_;
  std::list<Guest> guests_ PROFILING_GUARDED_BY(mutex_);
  Peers peers_ PROFILING_GUARDED_BY(mutex_);
  std::size_t counted_ PROFILING_GUARDED_BY(mutex_) = 0;  // connections that were not sent away
  std::size_t bytes_ PROFILING_GUARDED_BY(mutex_) = 0;
};

}  // namespace profiling::net::beast
