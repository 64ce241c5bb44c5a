#include "controllers/runtime/status_patch.h"

namespace profiling::controllers {

namespace {

// A merge patch merges objects recursively, so it must name removed fields.
nlohmann::json mergeOf(const nlohmann::json& from, const nlohmann::json& to) {
  nlohmann::json patch = nlohmann::json::object();
  for (const auto& [key, value] : to.items()) {
    const auto it = from.find(key);
    if (it == from.end()) {
      patch[key] = value;
    } else if (*it != value) {
      patch[key] = it->is_object() && value.is_object() ? mergeOf(*it, value) : value;
    }
  }
  for (const auto& [key, value] : from.items()) {
    if (!to.contains(key)) patch[key] = nullptr;
  }
  return patch;
}

}  // namespace

std::optional<nlohmann::json> statusPatch(std::string_view uid, const nlohmann::json& from,
                                          const nlohmann::json& to) {
  nlohmann::json status = mergeOf(from, to);
  if (status.empty()) return std::nullopt;
  return nlohmann::json{{"metadata", {{"uid", uid}}}, {"status", std::move(status)}};
}

}  // namespace profiling::controllers
