// What the controllers keep of watched objects: small structs, never whole pods. Plain values,
// immutable once they are in a store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "operator/inject/snapshot.h"

namespace profiling::controllers {

struct OwnerRecord {
  std::string kind;
  std::string name;
  std::string uid;
};

// A ConfigMap, Service or StatefulSet of a ProfilingServer, or another one of that name. There are few,
// so the object itself is kept (without managedFields) and compared with ours.
struct OwnedRecord {
  std::string namespace_;
  std::string name;
  std::string uid;
  std::string resource_version;
  bool deleting = false;
  std::optional<OwnerRecord> controller;  // the owner reference with controller: true
  nlohmann::json object;
};

// A pod of a storage server: why it is not ready.
struct ServerPodRecord {
  std::string namespace_;
  std::string name;
  std::string controller_uid;
  std::string phase;
  bool deleting = false;
  bool ready = false;
  bool started = false;  // the container runs, or has run
  std::int64_t restarts = 0;
  std::string waiting_reason;
  std::string waiting_message;
  std::optional<std::int64_t> last_exit_code;  // of the container's last termination
  std::string last_reason;                     // OOMKilled, Error, …
  std::string last_message;
  std::string unschedulable;  // message of condition PodScheduled=False
};

using inject::NamespaceRecord;

// An object that is only a trigger; its reconciler reads it anew.
struct VersionRecord {
  std::string resource_version;
};

}  // namespace profiling::controllers
