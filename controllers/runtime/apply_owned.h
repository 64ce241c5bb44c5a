// Applies one of our own objects: shared by all reconcilers that own objects.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "controllers/runtime/apply_guard.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

struct OwnedWrite {
  const kube::Resource& resource;
  const nlohmann::json& object;  // with kind, metadata.namespace and metadata.name
  std::string_view field_manager;
  // Those of the live object, which is known to be ours; empty when there was none.
  std::string_view uid, resource_version;
  std::string_view difference;  // for the log
};

// Sets `wait` and writes nothing when the same write was made a moment ago. kConflict when the
// object did not exist and another client has created it meanwhile: read again.
Status applyOwned(kube::Client& client, ApplyGuard& guard, const OwnedWrite& write,
                  std::optional<Millis>& wait, const std::stop_token& stop);

}  // namespace profiling::controllers
