// Writes the status of an object: shared by all reconcilers that own a status.
#pragma once

#include <stop_token>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "controllers/runtime/apply_guard.h"
#include "controllers/runtime/runner.h"
#include "operator/api/v1alpha1/common.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

struct StatusWrite {
  Outcome outcome;  // for the runner
  bool written = false;
  bool gone = false;  // the object no longer exists
};

// Thread-safe. `client` and `clock` must outlive it.
class StatusWriter {
 public:
  explicit StatusWriter(kube::Client& client, const Clock& clock = Clock::real())
      : client_(client), guard_(clock) {}

  // Turns status `from` into `to`; writes nothing when they are equal. A deleted object needs no
  // status: its own event follows. Until the store shows a write, the same write is delayed
  // (ApplyGuard).
  StatusWrite write(const kube::Resource& resource, const api::ObjectMeta& object,
                    const nlohmann::json& from, const nlohmann::json& to,
                    const std::stop_token& stop);
  // The same for a status that must not be decided from an old view: kConflict when the object has
  // changed since `object` was read, kNotFound when it is gone. Never delayed.
  Status writeUnchanged(const kube::Resource& resource, const api::ObjectMeta& object,
                        const nlohmann::json& from, const nlohmann::json& to,
                        const std::stop_token& stop);
  void forget(const api::ObjectMeta& object);  // the object is deleted

 private:
  kube::Client& client_;
  ApplyGuard guard_;
};

}  // namespace profiling::controllers
