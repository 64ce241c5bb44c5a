// Makes the objects of each ProfilingServer and keeps them as they should be; writes its status.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "controllers/events/event.h"
#include "controllers/profilingserver/gather.h"
#include "controllers/runtime/apply_guard.h"
#include "controllers/runtime/controller.h"
#include "operator/base/clock.h"

namespace profiling::controllers {

inline constexpr const char* kServerFieldManager = "profiling-operator-server";

// Used by several workers at once. `client`, `stores` and `clock` must outlive it.
class ServerReconciler {
 public:
  ServerReconciler(kube::Client& client, const ServerStores& stores,
                   const Clock& clock = Clock::real(), EventSink& events = EventSink::none())
      : client_(client), stores_(stores), clock_(clock), events_(events), guard_(clock) {}

  Outcome reconcile(const std::string& key, const std::stop_token& stop);  // "namespace/name"

 private:
  // Asks the API server: a store may still show a server that is gone, and what is made for it then
  // has no owner.
  Result<bool> stillLives(const api::ProfilingServer& server, const std::stop_token& stop);
  // Both set `wait` when the same write was made a moment ago.
  Status apply(const WantedChange& change, std::optional<Millis>& wait,
               const std::stop_token& stop);
  Status writeStatus(const api::ProfilingServer& server, const api::ProfilingServerStatus& status,
                     std::optional<Millis>& wait, const std::stop_token& stop);

  kube::Client& client_;
  const ServerStores stores_;
  const Clock& clock_;
  EventSink& events_;
  ApplyGuard guard_;
};

Controller serverController(kube::Client& client, const ServerStores& stores, EventSink& events,
                            int workers, const Clock& clock);

}  // namespace profiling::controllers
