#include "controllers/profilingserver/diagnose.h"

#include <algorithm>
#include <array>

#include "controllers/specs/server_objects.h"
#include "operator/base/text.h"

namespace profiling::controllers {
namespace {

constexpr std::size_t kQuoted = 300;  // of a message from the kubelet or the server

constexpr std::array<std::string_view, 6> kImageReasons{"ErrImagePull",        "ImagePullBackOff",
                                                        "InvalidImageName",    "ErrImageNeverPull",
                                                        "RegistryUnavailable", "ImageInspectError"};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string excerpt(std::string_view text) {
  return printable(trim(text), kQuoted);
}

// The end of a log is more informative than its beginning.
std::string tail(std::string_view text) {
  text = trim(text);
  if (text.size() <= kQuoted) return printable(text, kQuoted);
  std::size_t from = text.size() - kQuoted;
  while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) ++from;
  return "…" + printable(text.substr(from), kQuoted);
}

Diagnosis notCreated(const api::ProfilingServer& server, const ServerPodRecord& pod) {
  const std::string& message = pod.waiting_message;
  const auto& s3 = server.spec.storage.s3;
  if (s3 && s3->credentials) {
    const std::string field = "spec.storage.s3.credentials.secretRef.name";
    const std::string& name = s3->credentials->secret_ref.name;
    const std::string where = "' in namespace '" + server.metadata.namespace_ + "'";
    const std::string keys = std::string(specs::kAccessKeyId) + " and " + specs::kSecretAccessKey;
    if (contains(message, "secret") && contains(message, "not found")) {
      return {ServerReason::kSecretNotFound,
              field + ": there is no Secret '" + name + where + "; create it with the keys " +
                  keys + ", or name one that exists",
              false};
    }
    if (contains(message, "find key")) {
      return {ServerReason::kSecretKeyMissing,
              field + ": Secret '" + name + where + " lacks a key (" + excerpt(message) +
                  "); it must hold " + keys,
              false};
    }
  }
  return {ServerReason::kContainerNotCreated,
          "pod '" + pod.name + "' cannot be started: " + excerpt(message), false};
}

Diagnosis crashing(const api::ProfilingServer& server, const ServerPodRecord& pod) {
  std::string message = "the server ended with exit code " +
                        std::to_string(pod.last_exit_code.value_or(0)) + " (" +
                        (pod.last_reason.empty() ? "Error" : excerpt(pod.last_reason)) +
                        "), restarts: " + std::to_string(pod.restarts);
  if (pod.last_reason == "OOMKilled") {
    message += "; raise spec.resources.limits.memory";
  } else if (!pod.last_message.empty()) {
    message += ": " + tail(pod.last_message);
  }
  message +=
      "; its log: kubectl logs -n " + server.metadata.namespace_ + " " + pod.name + " --previous";
  return {ServerReason::kServerCrashing, std::move(message), true};
}

Diagnosis unschedulable(const api::ProfilingServer& server, const ServerPodRecord& pod) {
  const std::string& why = pod.unschedulable;
  if (contains(why, "PersistentVolumeClaim") || contains(why, "persistentvolumeclaim") ||
      contains(why, "volume")) {
    const auto& storage_class = server.spec.persistence.storage_class_name;
    return {
        ServerReason::kVolumePending,
        "the volume claim 'data-" + pod.name + "' is not bound: " + excerpt(why) +
            "; check spec.persistence.storageClassName (" +
            (storage_class ? "'" + *storage_class + "'" : "empty: the cluster's default class") +
            ") and that something provisions its volumes",
        false};
  }
  return {ServerReason::kUnschedulable,
          "no node takes pod '" + pod.name + "': " + excerpt(why) +
              "; check spec.resources, spec.nodeSelector and spec.tolerations",
          false};
}

}  // namespace

std::string_view reasonName(ServerReason reason) {
  switch (reason) {
    case ServerReason::kAccepted:
      return "Accepted";
    case ServerReason::kInvalidSpec:
      return "InvalidSpec";
    case ServerReason::kFilesystemVolume:
      return "FilesystemVolume";
    case ServerReason::kCredentialsInPlace:
      return "CredentialsInPlace";
    case ServerReason::kServerOwnCredentials:
      return "ServerOwnCredentials";
    case ServerReason::kVolumeImmutable:
      return "VolumeImmutable";
    case ServerReason::kSecretNotFound:
      return "SecretNotFound";
    case ServerReason::kSecretKeyMissing:
      return "SecretKeyMissing";
    case ServerReason::kServerReady:
      return "ServerReady";
    case ServerReason::kProgressing:
      return "Progressing";
    case ServerReason::kConflict:
      return "Conflict";
    case ServerReason::kAwaitingDeletion:
      return "AwaitingDeletion";
    case ServerReason::kApplyRejected:
      return "ApplyRejected";
    case ServerReason::kServerCrashing:
      return "ServerCrashing";
    case ServerReason::kImagePullFailed:
      return "ImagePullFailed";
    case ServerReason::kVolumePending:
      return "VolumePending";
    case ServerReason::kUnschedulable:
      return "Unschedulable";
    case ServerReason::kContainerNotCreated:
      return "ContainerNotCreated";
  }
  return "Unknown";
}

Diagnosis diagnose(const api::ProfilingServer& server, std::string_view stateful_set_uid,
                   const std::vector<std::shared_ptr<const ServerPodRecord>>& pods) {
  for (const auto& entry : pods) {
    const ServerPodRecord& pod = *entry;
    if (pod.deleting || pod.controller_uid != stateful_set_uid) continue;
    if (pod.ready) return {ServerReason::kServerReady, "", true};
    if (pod.waiting_reason == "CreateContainerConfigError" ||
        pod.waiting_reason == "CreateContainerError") {
      return notCreated(server, pod);
    }
    if (std::find(kImageReasons.begin(), kImageReasons.end(), pod.waiting_reason) !=
        kImageReasons.end()) {
      return {ServerReason::kImagePullFailed,
              "spec.image: '" + printable(server.spec.image) + "' cannot be pulled (" +
                  excerpt(pod.waiting_reason) + ": " + excerpt(pod.waiting_message) +
                  "); check the name and tag, and spec.imagePullSecrets for a private registry",
              false};
    }
    // One restart may be an eviction or a node's reboot; a second with an error is a pattern.
    const bool failed_twice = pod.restarts >= 2 && pod.last_exit_code.value_or(0) != 0;
    if (pod.waiting_reason == "CrashLoopBackOff" || failed_twice) return crashing(server, pod);
    if (!pod.unschedulable.empty()) return unschedulable(server, pod);
    return {ServerReason::kProgressing,
            "pod '" + pod.name + "' is " +
                (pod.started ? "running and not ready yet; a server needs half a minute to join"
                             : "being started"),
            pod.started};
  }
  return {ServerReason::kProgressing, "the server's pod has not been created yet", false};
}

}  // namespace profiling::controllers
