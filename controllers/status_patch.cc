#include "controllers/status_patch.h"

namespace profiling::controllers {

std::optional<nlohmann::json> statusPatch(std::string_view uid, const nlohmann::json& from,
                                          const nlohmann::json& to) {
  nlohmann::json status = nlohmann::json::object();
  for (const auto& [key, value] : to.items()) {
    const auto it = from.find(key);
    if (it == from.end() || *it != value) status[key] = value;
  }
  for (const auto& [key, value] : from.items()) {
    if (!to.contains(key)) status[key] = nullptr;
  }
  if (status.empty()) return std::nullopt;
  return nlohmann::json{{"metadata", {{"uid", uid}}}, {"status", std::move(status)}};
}

}  // namespace profiling::controllers
