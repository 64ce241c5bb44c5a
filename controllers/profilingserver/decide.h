// Decides what to do for one ProfilingServer, from its observed state. Pure.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controllers/profilingserver/diagnose.h"
#include "controllers/runtime/records.h"
#include "controllers/specs/server_objects.h"
#include "operator/api/v1alpha1/server.h"

namespace profiling::controllers {

struct LiveObject {
  specs::ObjectKind kind = specs::ObjectKind::kConfigMap;
  std::shared_ptr<const OwnedRecord> record;
};

struct ServerInput {
  std::shared_ptr<const api::ProfilingServer> server;
  // Objects with the names that we would use, ours or not. One that is not listed does not exist.
  std::vector<LiveObject> live;
  std::vector<std::shared_ptr<const ServerPodRecord>> pods;  // of the server's namespace
  std::string now;                                           // RFC 3339
};

struct WantedChange {
  specs::WantedObject wanted;
  std::string difference;  // JSON pointer of the first one; "/" when the object is not there
  std::string uid;         // of the live object; empty when there is none
  std::string resource_version;
};

struct ServerDecision {
  std::vector<WantedChange> apply;  // in this order; only objects that differ
  api::ProfilingServerStatus status;
  std::optional<std::chrono::milliseconds> requeue_after;
};

ServerDecision decideServer(const ServerInput& input);

// The status after the API server refused one of the objects.
api::ProfilingServerStatus rejected(const ServerInput& input, api::ProfilingServerStatus status,
                                    const specs::WantedObject& object, const std::string& why);

}  // namespace profiling::controllers
