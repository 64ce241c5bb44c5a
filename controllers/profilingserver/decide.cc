#include "controllers/profilingserver/decide.h"

#include <utility>

#include "controllers/specs/compare.h"
#include "controllers/specs/metadata.h"
#include "controllers/specs/pyroscope_config.h"
#include "operator/api/json_access.h"
#include "operator/base/text.h"

namespace profiling::controllers {
namespace {

using api::integer;
using api::member;
using api::text;

using Json = nlohmann::json;
using specs::ObjectKind;
using specs::WantedObject;

constexpr std::chrono::seconds kDeletionPoll{2};
constexpr std::chrono::seconds kConflictPoll{30};  // a foreign object is not watched

struct Verdict {
  bool ok = true;
  ServerReason reason = ServerReason::kServerReady;
  std::string message;
};

const OwnedRecord* findLive(const ServerInput& input, const WantedObject& wanted) {
  for (const LiveObject& live : input.live) {
    if (live.kind == wanted.kind && live.record->name == wanted.name) return live.record.get();
  }
  return nullptr;
}

std::string describe(const WantedObject& wanted, const OwnedRecord& live) {
  return std::string(objectKindName(wanted.kind)) + " '" + live.namespace_ + "/" + live.name + "'";
}

// Whether we may write to an existing object. Ours by uid: yes. With our labels but no controller:
// a deletion orphaned it, so yes. Anything else: never.
Verdict ownership(const api::ProfilingServer& server, const WantedObject& wanted,
                  const OwnedRecord& live) {
  const std::string what = describe(wanted, live);
  if (live.controller && live.controller->uid == server.metadata.uid) {
    if (!live.deleting) return {};
    return {false, ServerReason::kAwaitingDeletion,
            what + " is being deleted; the operator creates it again afterwards"};
  }
  const bool earlier = live.controller && live.controller->kind == api::ProfilingServer::kKind &&
                       live.controller->name == server.metadata.name;
  if (earlier || (!live.controller && live.deleting)) {
    return {false, ServerReason::kAwaitingDeletion,
            what + " belongs to an earlier ProfilingServer of this name; waiting until it is gone"};
  }
  const Json& labels = member(live.object, "metadata", "labels");
  if (!live.controller && text(member(labels, specs::kManagedByLabel)) == specs::kManager &&
      text(member(labels, specs::kInstanceLabel)) == server.metadata.name) {
    return {};
  }
  return {false, ServerReason::kConflict,
          what + " exists and is not of this ProfilingServer" +
              (live.controller ? " but of " + printable(live.controller->kind) + " '" +
                                     printable(live.controller->name) + "'"
                               : "") +
              "; it is left alone: delete or rename it, or give the ProfilingServer another "
              "metadata.name"};
}

// A StatefulSet's volume claims cannot be changed. Keeps the existing ones, so that everything else
// can still be applied; returns a message for the user, or nothing.
std::string keepVolumes(const api::ProfilingServer& server, WantedObject& wanted,
                        const OwnedRecord& live) {
  const Json& has = member(live.object, "spec", "volumeClaimTemplates");
  Json& claims = wanted.object["spec"]["volumeClaimTemplates"];
  if (!has.is_array() || !specs::firstDifference(has, claims)) return {};
  const Json& old = has.empty() ? has : has.front();
  std::string message =
      "spec.persistence: size '" + printable(server.spec.persistence.size) + "', class '" +
      printable(server.spec.persistence.storage_class_name.value_or("")) +
      "' differ from the existing volume (size '" +
      printable(text(member(member(old, "spec", "resources"), "requests", "storage"))) +
      "', class '" + printable(text(member(old, "spec", "storageClassName"))) +
      "'), and a StatefulSet's volume claims cannot be changed; set them back, or grow "
      "PersistentVolumeClaim 'data-" +
      server.metadata.name +
      "-0' and delete the StatefulSet, which the operator then creates again with the same volume";
  claims = has;
  wanted.object["metadata"].erase("annotations");
  specs::stampHash(wanted.object);
  return message;
}

Verdict readyVerdict(const ServerInput& input, const ServerDecision& decision,
                     const OwnedRecord* set, const Diagnosis& diagnosis) {
  if (set == nullptr)
    return {false, ServerReason::kProgressing, "the server's objects are being created"};
  const bool problem = diagnosis.reason != ServerReason::kServerReady &&
                       diagnosis.reason != ServerReason::kProgressing;
  if (problem) return {false, diagnosis.reason, diagnosis.message};
  const Json& status = member(set->object, "status");
  const bool current =
      integer(member(status, "observedGeneration")) >=
          integer(member(set->object, "metadata", "generation")) &&
      text(member(status, "currentRevision")) == text(member(status, "updateRevision"));
  for (const WantedChange& change : decision.apply) {
    if (change.wanted.kind == ObjectKind::kStatefulSet) {
      return {false, ServerReason::kProgressing, "a change is being rolled out"};
    }
  }
  if (decision.status.ready_replicas < 1 || diagnosis.reason != ServerReason::kServerReady) {
    return {false, ServerReason::kProgressing,
            diagnosis.message.empty() ? "the server's pod is not ready yet" : diagnosis.message};
  }
  if (!current) return {false, ServerReason::kProgressing, "a change is being rolled out"};
  return {true, ServerReason::kServerReady, "ready at " + specs::serverUrl(*input.server)};
}

api::Condition condition(const ServerInput& input, const char* type, const char* status,
                         ServerReason reason, std::string message) {
  return {type,
          status,
          std::string(reasonName(reason)),
          std::move(message),
          "",
          input.server->metadata.generation};
}

// Unknown until a pod has shown whether its Secret is there; then as it was last seen.
api::Condition storageCondition(const ServerInput& input, const Diagnosis& diagnosis,
                                const std::string& volumes) {
  const api::ProfilingServer& server = *input.server;
  const auto make = [&](const char* status, ServerReason reason, std::string message) {
    return condition(input, "StorageConfigured", status, reason, std::move(message));
  };
  if (diagnosis.reason == ServerReason::kSecretNotFound ||
      diagnosis.reason == ServerReason::kSecretKeyMissing) {
    return make("False", diagnosis.reason, diagnosis.message);
  }
  if (!volumes.empty()) return make("False", ServerReason::kVolumeImmutable, volumes);
  if (server.spec.storage.type == api::StorageType::kFilesystem) {
    return make("True", ServerReason::kFilesystemVolume,
                "profiles are kept on the server's volume");
  }
  if (!server.spec.storage.s3->credentials) {
    return make("True", ServerReason::kServerOwnCredentials,
                "no Secret is named; the server finds credentials of its own (workload identity)");
  }
  if (diagnosis.started) {
    return make("True", ServerReason::kCredentialsInPlace,
                "the Secret has the keys; the server's log shows whether the bucket accepts them");
  }
  const api::Condition* last = api::findCondition(server.status.conditions, "StorageConfigured");
  if (last != nullptr && last->observed_generation == server.metadata.generation) return *last;
  return make("Unknown", ServerReason::kProgressing, "the server has not been started yet");
}

void finish(const ServerInput& input, ServerDecision& decision, const Verdict& ready) {
  api::setCondition(
      decision.status.conditions,
      condition(input, "Ready", ready.ok ? "True" : "False", ready.reason, ready.message),
      input.now);
}

void refuseSpec(const ServerInput& input, ServerDecision& decision, const std::string& why) {
  auto& conditions = decision.status.conditions;
  api::setCondition(conditions,
                    condition(input, "ConfigValid", "False", ServerReason::kInvalidSpec, why),
                    input.now);
  if (api::findCondition(conditions, "StorageConfigured") == nullptr) {
    api::setCondition(conditions,
                      condition(input, "StorageConfigured", "Unknown", ServerReason::kInvalidSpec,
                                "the spec is not valid"),
                      input.now);
  }
  finish(input, decision, {false, ServerReason::kInvalidSpec, why});
}

}  // namespace

ServerDecision decideServer(const ServerInput& input) {
  const api::ProfilingServer& server = *input.server;
  ServerDecision decision;
  decision.status = server.status;
  decision.status.observed_generation = server.metadata.generation;
  auto& conditions = decision.status.conditions;

  if (const Status valid = specs::checkServer(server); !valid.ok()) {
    refuseSpec(input, decision, valid.message());
    return decision;
  }
  api::setCondition(conditions,
                    condition(input, "ConfigValid", "True", ServerReason::kAccepted,
                              "the configuration has only keys that the server knows"),
                    input.now);
  decision.status.url = specs::serverUrl(server);
  decision.status.config_hash = specs::hashOf(specs::pyroscopeConfig(server.spec));

  Verdict blocked;
  std::string volumes;
  const OwnedRecord* set = nullptr;
  for (WantedObject& wanted : specs::serverObjects(server)) {
    const OwnedRecord* live = findLive(input, wanted);
    if (live == nullptr) {
      decision.apply.push_back({std::move(wanted), "/", "", ""});
      continue;
    }
    const Verdict may = ownership(server, wanted, *live);
    if (!may.ok) {
      // A foreign object outweighs one that will disappear by itself.
      if (blocked.ok || may.reason == ServerReason::kConflict) blocked = may;
      continue;
    }
    if (wanted.kind == ObjectKind::kStatefulSet) {
      set = live;
      volumes = keepVolumes(server, wanted, *live);
    }
    if (auto difference = specs::firstDifference(live->object, wanted.object)) {
      decision.apply.push_back(
          {std::move(wanted), *std::move(difference), live->uid, live->resource_version});
    }
  }

  decision.status.ready_replicas =
      set == nullptr ? 0 : integer(member(set->object, "status", "readyReplicas"));
  const Diagnosis diagnosis = set == nullptr ? Diagnosis{} : diagnose(server, set->uid, input.pods);
  api::setCondition(conditions, storageCondition(input, diagnosis, volumes), input.now);
  if (!blocked.ok) {
    decision.apply.clear();
    decision.requeue_after =
        blocked.reason == ServerReason::kConflict ? kConflictPoll : kDeletionPoll;
    finish(input, decision, blocked);
  } else {
    finish(input, decision, readyVerdict(input, decision, set, diagnosis));
  }
  return decision;
}

api::ProfilingServerStatus rejected(const ServerInput& input, api::ProfilingServerStatus status,
                                    const WantedObject& object, const std::string& why) {
  ServerDecision decision;
  decision.status = std::move(status);
  finish(input, decision,
         {false, ServerReason::kApplyRejected,
          std::string(objectKindName(object.kind)) + " '" + object.name +
              "' was refused: " + printable(why, 400)});
  return std::move(decision.status);
}

}  // namespace profiling::controllers
