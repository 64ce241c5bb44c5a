#include "operator/net/beast/door.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace profiling::net::beast {
namespace {

constexpr std::size_t kManyPeers = 4'096;  // remembered without a connection

bool waits(Phase phase, SteadyTime since, SteadyTime now) {
  return phase == Phase::kIdle || now - since > kPatience;
}

}  // namespace

bool Door::mayShakeHands(Peer& peer, SteadyTime now) const {
  if (limits_.handshakes_per_second == 0) return true;
  const double seconds = std::chrono::duration<double>(now - peer.refilled).count();
  peer.handshakes = std::min(static_cast<double>(limits_.handshake_burst),
                             peer.handshakes + seconds * limits_.handshakes_per_second);
  peer.refilled = now;
  if (peer.handshakes < 1) return false;
  peer.handshakes -= 1;
  return true;
}

std::optional<Door::Ticket> Door::enter(const std::string& name, std::function<void()> leave,
                                        SteadyTime now, std::string_view& refusal,
                                        bool& displaced) {
  const MutexLock lock(mutex_);
  forgetPeers(now);
  const auto [it, is_new] = peers_.try_emplace(name);
  Peer& peer = it->second;
  if (is_new) {
    peer.handshakes = static_cast<double>(limits_.handshake_burst);
    peer.refilled = now;
  }
  displaced = false;
  refusal = {};
  if (!mayShakeHands(peer, now)) {
    refusal = "handshake_rate";
  } else if (peer.connections >= limits_.connections_per_peer) {
    displaced = makeRoom(&peer, now);
    if (!displaced) refusal = "peer_cap";
  } else if (counted_ >= limits_.connections) {
    displaced = makeRoom(nullptr, now);
    if (!displaced) refusal = "connection_cap";
  }
  if (!refusal.empty()) return std::nullopt;
  ++peer.guests;
  ++peer.connections;
  ++counted_;
  return guests_.insert(guests_.end(), Guest{it, std::move(leave), now});
}

void Door::left(Ticket ticket) {
  const MutexLock lock(mutex_);
  if (!ticket->sent_away) uncount(*ticket);
  const auto peer = ticket->peer;
  guests_.erase(ticket);
  const bool last = --peer->second.guests == 0;
  if (last && limits_.handshakes_per_second == 0) peers_.erase(peer);
}

bool Door::enterPhase(Ticket ticket, Phase phase, SteadyTime now) {
  const MutexLock lock(mutex_);
  ticket->phase = phase;
  ticket->since = now;
  if (phase == Phase::kIdle) dropBytes(*ticket);
  return !ticket->sent_away;
}

bool Door::reserve(Ticket ticket, std::size_t bytes, SteadyTime now) {
  const MutexLock lock(mutex_);
  if (ticket->sent_away) return false;
  Peer& peer = ticket->peer->second;
  if (peer.bytes + bytes > limits_.bodies_in_memory / 2) return false;
  while (bytes_ + bytes > limits_.bodies_in_memory) {
    if (!freeBytes(peer, now)) return false;
  }
  ticket->bytes += bytes;
  peer.bytes += bytes;
  bytes_ += bytes;
  return true;
}

void Door::dropBytes(Guest& guest) {
  guest.peer->second.bytes -= guest.bytes;
  bytes_ -= guest.bytes;
  guest.bytes = 0;
}

Door::Totals Door::totals() const {
  const MutexLock lock(mutex_);
  return {counted_, bytes_, peers_.size()};
}

bool Door::makeRoom(const Peer* only, SteadyTime now) {
  Guest* chosen = nullptr;
  const auto before = [](const Guest& a, const Guest& b) {
    const std::size_t of_a = a.peer->second.connections, of_b = b.peer->second.connections;
    return of_a != of_b ? of_a > of_b : a.since < b.since;
  };
  for (Guest& guest : guests_) {
    if (guest.sent_away || (only != nullptr && &guest.peer->second != only)) continue;
    if (!waits(guest.phase, guest.since, now)) continue;
    if (chosen == nullptr || before(guest, *chosen)) chosen = &guest;
  }
  if (chosen != nullptr) sendAway(*chosen);
  return chosen != nullptr;
}

// A slow body of a peer that holds more than the one that asks.
bool Door::freeBytes(const Peer& asking, SteadyTime now) {
  Guest* chosen = nullptr;
  for (Guest& guest : guests_) {
    const Peer& peer = guest.peer->second;
    if (guest.sent_away || guest.bytes == 0 || peer.bytes <= asking.bytes) continue;
    if (guest.phase != Phase::kReading || !waits(guest.phase, guest.since, now)) continue;
    if (chosen == nullptr || peer.bytes > chosen->peer->second.bytes) chosen = &guest;
  }
  if (chosen != nullptr) sendAway(*chosen);
  return chosen != nullptr;
}

void Door::sendAway(Guest& guest) {
  uncount(guest);
  guest.sent_away = true;
  guest.leave();
}

void Door::uncount(Guest& guest) {
  --guest.peer->second.connections;
  --counted_;
  dropBytes(guest);
}

// Without a connection, only a used-up rate of handshakes is worth remembering; a flood of addresses
// makes it forget that, too.
void Door::forgetPeers(SteadyTime now) {
  for (const bool all : {false, true}) {
    if (peers_.size() < kManyPeers) return;
    for (auto it = peers_.begin(); it != peers_.end();) {
      const Peer& peer = it->second;
      const double seconds = std::chrono::duration<double>(now - peer.refilled).count();
      const bool full = peer.handshakes + seconds * limits_.handshakes_per_second >=
                        static_cast<double>(limits_.handshake_burst);
      it = (all || full) && peer.guests == 0 ? peers_.erase(it) : std::next(it);
    }
  }
}

}  // namespace profiling::net::beast
