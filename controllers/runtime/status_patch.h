// The merge patch that turns one status into another. Pure.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/codec.h"

namespace profiling::controllers {

// nullopt when nothing differs. Removed fields are set to null, as a merge patch requires, and
// the object's uid makes the write fail when the object was deleted and recreated meanwhile. Lists
// (conditions) are written whole: each has one writer.
std::optional<nlohmann::json> statusPatch(std::string_view uid, const nlohmann::json& from,
                                          const nlohmann::json& to);

// A status that was never written has nothing stored, although its struct reads as zeros.
template <class S>
nlohmann::json asStored(const S& status) {
  return status.observed_generation == 0 ? nlohmann::json::object() : api::toJson(status);
}

}  // namespace profiling::controllers
