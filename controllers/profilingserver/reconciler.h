// Creates the objects of each ProfilingServer, corrects their drift, and writes its status.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "controllers/events/event.h"
#include "controllers/profilingserver/gather.h"
#include "controllers/runtime/apply_guard.h"
#include "controllers/runtime/controller.h"
#include "controllers/runtime/status_writer.h"
#include "operator/base/clock.h"

namespace profiling::controllers {

inline constexpr const char* kServerFieldManager = "profiling-operator-server";

// Several workers may use it at once. `client`, `stores` and `clock` must outlive it.
class ServerReconciler {
 public:
  ServerReconciler(kube::Client& client, const ServerStores& stores,
                   const Clock& clock = Clock::real(), EventSink& events = EventSink::none())
      : client_(client),
        stores_(stores),
        clock_(clock),
        events_(events),
        guard_(clock),
        statuses_(client, clock) {}

  Outcome reconcile(const std::string& key, const std::stop_token& stop);  // "namespace/name"

 private:
  // Reads from the API server: a store may still show a deleted server, and objects created for it
  // would have no owner.
  Result<bool> stillExists(const api::ProfilingServer& server, const std::stop_token& stop);
  // Sets `wait` when the same write was made a moment ago.
  Status apply(const WantedChange& change, std::optional<Millis>& wait,
               const std::stop_token& stop);
  Outcome writeStatus(const api::ProfilingServer& server, const api::ProfilingServerStatus& status,
                      const std::stop_token& stop);

  kube::Client& client_;
  const ServerStores stores_;
  const Clock& clock_;
  EventSink& events_;
  ApplyGuard guard_;
  StatusWriter statuses_;
};

Controller serverController(kube::Client& client, const ServerStores& stores, EventSink& events,
                            int workers, const Clock& clock);

}  // namespace profiling::controllers
