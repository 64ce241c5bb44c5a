// Decoders of watched objects to records (records.h). Errors are kInvalidArgument or kInternal and
// name the object.
#pragma once

#include "controllers/runtime/records.h"
#include "operator/api/v1alpha1/server.h"
#include "operator/kube/reflector.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

// An object that anybody may have labelled as ours: kept when a ProfilingServer in `servers` controls
// it, it has a name that such a server's object has, and at most kMaxOwnedBytes of JSON. Reconcilers
// read others when they meet them. `servers` must outlive the decoder and have been listed.
inline constexpr std::size_t kMaxOwnedBytes = 128 * 1024;  // ours have 2 to 10 KB
kube::Decoder<OwnedRecord> ownedDecoder(const kube::Store<api::ProfilingServer>& servers);
kube::Decoder<ServerPodRecord> serverPodDecoder();
kube::Decoder<NamespaceRecord> namespaceDecoder();
kube::Decoder<VersionRecord> versionDecoder();

OwnedRecord ownedRecord(nlohmann::json object);
ServerPodRecord serverPodRecord(const nlohmann::json& pod);

}  // namespace profiling::controllers
