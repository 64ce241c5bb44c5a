// Writes the status of an object: what all reconcilers that own a status do alike.
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
};

// Thread-safe. `client` and `clock` must outlive it.
class StatusWriter {
 public:
  explicit StatusWriter(kube::Client& client, const Clock& clock = Clock::real())
      : client_(client), guard_(clock) {}

  // Turns status `from` into `to`; writes nothing when they are equal. An object that is gone needs
  // no status: its own event follows. While the store does not show a write yet, the same write is
  // put off (ApplyGuard).
  StatusWrite write(const kube::Resource& resource, const api::ObjectMeta& object,
                    const nlohmann::json& from, const nlohmann::json& to,
                    const std::stop_token& stop);
  // The same for a status that must not be decided from an old view: kConflict when the object has
  // changed since `object` was read, kNotFound when it is gone. Never put off.
  Status writeUnchanged(const kube::Resource& resource, const api::ObjectMeta& object,
                        const nlohmann::json& from, const nlohmann::json& to,
                        const std::stop_token& stop);
  void forget(const api::ObjectMeta& object);  // the object is deleted

 private:
  kube::Client& client_;
  ApplyGuard guard_;
};

}  // namespace profiling::controllers
