#include "controllers/specs/metadata.h"

#include "operator/base/encoding.h"

namespace profiling::specs {

using Json = nlohmann::json;

Json selectorLabels(const api::ProfilingServer& server) {
  return {{kNameLabel, "pyroscope"},
          {kInstanceLabel, server.metadata.name},
          {kManagedByLabel, kManager}};
}

Json ownedMetadata(const api::ProfilingServer& server, std::string_view name) {
  return {{"name", name},
          {"namespace", server.metadata.namespace_},
          {"labels", selectorLabels(server)},
          {"ownerReferences", Json::array({{{"apiVersion", api::kApiVersion},
                                            {"kind", api::ProfilingServer::kKind},
                                            {"name", server.metadata.name},
                                            {"uid", server.metadata.uid},
                                            {"controller", true},
                                            {"blockOwnerDeletion", true}}})}};
}

std::string hashOf(const Json& value) {
  return hexSha256(value.dump(-1, ' ', false, Json::error_handler_t::replace)).substr(0, 16);
}

void stampHash(Json& object) {
  const std::string hash = hashOf(object);
  object["metadata"]["annotations"][std::string(kAppliedHashKey)] = hash;
}

}  // namespace profiling::specs
