#include "controllers/runtime/status_writer.h"

#include <nlohmann/json.hpp>

#include "controllers/runtime/status_patch.h"

namespace profiling::controllers {

StatusWrite StatusWriter::write(const kube::Resource& resource, const api::ObjectMeta& object,
                                const nlohmann::json& from, const nlohmann::json& to,
                                const std::stop_token& stop) {
  const auto patch = statusPatch(object.uid, from, to);
  if (!patch) return {};
  if (const auto wait = guard_.check(object.uid, object.resource_version)) {
    return {Outcome::after(*wait)};
  }
  const Status written =
      client_.mergePatch(resource, object.namespace_, object.name, *patch, stop, "status").status();
  if (written.ok()) return {Outcome::done(), true};
  guard_.forget(object.uid);
  if (written.code() == Code::kNotFound) return {Outcome::done(), false, true};
  return {Outcome::failed(written.annotated("write status"))};
}

Status StatusWriter::writeUnchanged(const kube::Resource& resource, const api::ObjectMeta& object,
                                    const nlohmann::json& from, const nlohmann::json& to,
                                    const std::stop_token& stop) {
  auto patch = statusPatch(object.uid, from, to);
  if (!patch) return {};
  (*patch)["metadata"]["resourceVersion"] = object.resource_version;
  return client_.mergePatch(resource, object.namespace_, object.name, *patch, stop, "status")
      .status();
}

void StatusWriter::forget(const api::ObjectMeta& object) {
  guard_.forget(object.uid);
}

}  // namespace profiling::controllers
