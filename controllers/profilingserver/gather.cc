#include "controllers/profilingserver/gather.h"

#include <utility>

#include "controllers/runtime/decoders.h"
#include "controllers/specs/pyroscope_config.h"

namespace profiling::controllers {
namespace {

using specs::ObjectKind;

const kube::Store<OwnedRecord>& storeOf(const ServerStores& stores, ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kConfigMap:
      return stores.config_maps;
    case ObjectKind::kService:
      return stores.services;
    case ObjectKind::kStatefulSet:
      break;
  }
  return stores.stateful_sets;
}

}  // namespace

kube::Resource resourceOf(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kConfigMap:
      return kube::resources::kConfigMaps;
    case ObjectKind::kService:
      return kube::resources::kServices;
    case ObjectKind::kStatefulSet:
      break;
  }
  return kube::resources::kStatefulSets;
}

Result<ServerInput> gatherServer(const ServerStores& stores,
                                 std::shared_ptr<const api::ProfilingServer> server,
                                 kube::Client& client, std::string now,
                                 const std::stop_token& stop) {
  ServerInput input;
  input.server = std::move(server);
  input.now = std::move(now);
  if (!specs::checkServer(*input.server).ok()) return input;  // there is nothing to compare with
  const std::string& namespace_ = input.server->metadata.namespace_;
  for (const specs::WantedObject& wanted : specs::serverObjects(*input.server)) {
    auto record = storeOf(stores, wanted.kind).find(kube::objectKey(namespace_, wanted.name));
    if (!record) {
      auto live = client.get(resourceOf(wanted.kind), namespace_, wanted.name, stop);
      if (live.ok()) {
        record = std::make_shared<const OwnedRecord>(ownedRecord(*std::move(live)));
      } else if (live.status().code() != Code::kNotFound) {
        return live.status().annotated("read " + std::string(objectKindName(wanted.kind)) + " '" +
                                       wanted.name + "'");
      }
    }
    if (record) input.live.push_back({wanted.kind, std::move(record)});
  }
  const std::string prefix = namespace_ + "/";
  const auto pods = stores.pods.snapshot();
  for (auto it = pods->lower_bound(prefix); it != pods->end() && it->first.starts_with(prefix);
       ++it) {
    input.pods.push_back(it->second);
  }
  return input;
}

}  // namespace profiling::controllers
