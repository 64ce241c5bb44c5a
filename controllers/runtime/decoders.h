// Decoders of watched objects to records (records.h). Errors are kInvalidArgument or kInternal and
// name the object.
#pragma once

#include "controllers/runtime/records.h"
#include "operator/kube/reflector.h"

namespace profiling::controllers {

kube::Decoder<OwnedRecord> ownedDecoder();
kube::Decoder<ServerPodRecord> serverPodDecoder();
kube::Decoder<NamespaceRecord> namespaceDecoder();
kube::Decoder<VersionRecord> versionDecoder();

OwnedRecord ownedRecord(nlohmann::json object);
ServerPodRecord serverPodRecord(const nlohmann::json& pod);

}  // namespace profiling::controllers
