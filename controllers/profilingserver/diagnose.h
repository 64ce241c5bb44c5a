// Why a storage server is not ready, read from its pod. Pure.
//
// A missing Secret is detected without reading Secrets: the kubelet reports it in the pod's waiting
// reason (CreateContainerConfigError; kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/runtime/records.h"
#include "operator/api/v1alpha1/server.h"

namespace profiling::controllers {

// Reasons of the conditions of a ProfilingServer: closed, so that people and alerts can match them.
enum class ServerReason {
  // ConfigValid
  kAccepted,
  kInvalidSpec,
  // StorageConfigured
  kFilesystemVolume,      // profiles are on the server's own volume
  kCredentialsInPlace,    // the Secret and its keys were there when the server started
  kServerOwnCredentials,  // none given: the server uses its own (workload identity)
  kVolumeImmutable,       // persistence was changed after the volume was created
  // StorageConfigured and Ready
  kSecretNotFound,
  kSecretKeyMissing,
  // Ready
  kServerReady,
  kProgressing,
  kConflict,          // an object with our name belongs to another owner
  kAwaitingDeletion,  // objects of an earlier ProfilingServer of the same name
  kApplyRejected,     // the API server refused an object
  kServerCrashing,
  kImagePullFailed,
  kVolumePending,
  kUnschedulable,
  kContainerNotCreated,
};
std::string_view reasonName(ServerReason reason);

struct Diagnosis {
  ServerReason reason = ServerReason::kProgressing;
  std::string message;   // names field, value and remedy
  bool started = false;  // the server's container runs or has run: its Secret is there
};

// `pods` may be of any StatefulSet; only those of `stateful_set_uid` that are not terminating
// count.
Diagnosis diagnose(const api::ProfilingServer& server, std::string_view stateful_set_uid,
                   const std::vector<std::shared_ptr<const ServerPodRecord>>& pods);

}  // namespace profiling::controllers
