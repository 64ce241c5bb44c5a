// JSON text of watched objects to records. Each may be called by one reflector's thread; the text
// has kube::kObjectPadding readable bytes behind it. Errors are kInvalidArgument or kInternal and
// name the field.
#pragma once

#include "controllers/runtime/records.h"
#include "operator/api/revision.h"
#include "operator/api/v1alpha1/policy.h"
#include "operator/api/v1alpha1/server.h"
#include "operator/api/v1alpha1/workload.h"
#include "operator/kube/reflector.h"

namespace profiling::controllers {

kube::Decoder<api::ProfilingServer> serverDecoder();
kube::Decoder<api::ProfilingPolicy> policyDecoder();
kube::Decoder<api::ClusterProfilingPolicy> clusterPolicyDecoder();
kube::Decoder<OwnedRecord> ownedDecoder();
kube::Decoder<ServerPodRecord> serverPodDecoder();
kube::Decoder<api::WorkloadProfile> workloadDecoder();
kube::Decoder<NamespaceRecord> namespaceDecoder();
kube::Decoder<VersionRecord> versionDecoder();
kube::Decoder<api::Revision> revisionDecoder();

OwnedRecord ownedRecord(nlohmann::json object);
ServerPodRecord serverPodRecord(const nlohmann::json& pod);

}  // namespace profiling::controllers
