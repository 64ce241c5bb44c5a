// Reads the input of decideServer() from the stores, and the rest from the API server.
#pragma once

#include <memory>
#include <stop_token>

#include "controllers/profilingserver/decide.h"
#include "operator/base/status.h"
#include "operator/kube/client.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

// Read by workers, written by reflectors. All hold objects with our managed-by label only.
struct ServerStores {
  const kube::Store<api::ProfilingServer>& servers;
  const kube::Store<OwnedRecord>& config_maps;
  const kube::Store<OwnedRecord>& services;
  const kube::Store<OwnedRecord>& stateful_sets;
  const kube::Store<ServerPodRecord>& pods;
};

kube::Resource resourceOf(specs::ObjectKind kind);

// An object that is in no store may still exist: a foreign one of that name, or ours without its
// label. It is read by name before anything overwrites it; in steady state there is none. Any thread.
// `now` is RFC 3339. An error is that of such a read, with the object's kind and name.
Result<ServerInput> gatherServer(const ServerStores& stores,
                                 std::shared_ptr<const api::ProfilingServer> server,
                                 kube::Client& client, std::string now,
                                 const std::stop_token& stop);

}  // namespace profiling::controllers
