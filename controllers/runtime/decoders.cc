#include "controllers/runtime/decoders.h"

#include <memory>
#include <utility>

#include "controllers/specs/server_objects.h"
#include "operator/api/json_access.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/kube/decode.h"
#include "operator/kube/json_decoder.h"

namespace profiling::controllers {
namespace {

using api::integer;
using api::isTrue;
using api::member;
using api::text;

using Json = nlohmann::json;

bool ofServer(const OwnedRecord& record, const kube::Store<api::ProfilingServer>& servers) {
  if (!record.controller || record.controller->kind != api::ProfilingServer::kKind) return false;
  const auto server = servers.find(kube::objectKey(record.namespace_, record.controller->name));
  return server && server->metadata.uid == record.controller->uid &&
         specs::isServerObjectName(*server, record.name);
}

}  // namespace

OwnedRecord ownedRecord(Json object) {
  OwnedRecord record;
  const Json& metadata = member(object, "metadata");
  record.namespace_ = text(member(metadata, "namespace"));
  record.name = text(member(metadata, "name"));
  record.uid = text(member(metadata, "uid"));
  record.resource_version = text(member(metadata, "resourceVersion"));
  record.deleting = !member(metadata, "deletionTimestamp").is_null();
  const Json& owners = member(metadata, "ownerReferences");
  for (const Json& owner : owners.is_array() ? owners : Json::array()) {
    if (!isTrue(member(owner, "controller"))) continue;
    record.controller = OwnerRecord{text(member(owner, "kind")), text(member(owner, "name")),
                                    text(member(owner, "uid"))};
  }
  if (object.is_object() && object.contains("metadata") && object["metadata"].is_object()) {
    object["metadata"].erase("managedFields");
  }
  record.object = std::move(object);
  return record;
}

ServerPodRecord serverPodRecord(const Json& pod) {
  ServerPodRecord record;
  const Json& metadata = member(pod, "metadata");
  record.namespace_ = text(member(metadata, "namespace"));
  record.name = text(member(metadata, "name"));
  record.deleting = !member(metadata, "deletionTimestamp").is_null();
  const auto each = [](const Json& list, const auto& visit) {
    if (!list.is_array()) return;
    for (const Json& item : list) visit(item);
  };
  each(member(metadata, "ownerReferences"), [&](const Json& owner) {
    if (isTrue(member(owner, "controller"))) record.controller_uid = text(member(owner, "uid"));
  });
  record.phase = text(member(pod, "status", "phase"));
  each(member(pod, "status", "conditions"), [&](const Json& condition) {
    const std::string type = text(member(condition, "type"));
    const bool holds = text(member(condition, "status")) == "True";
    if (type == "Ready") record.ready = holds;
    if (type == "PodScheduled" && !holds) record.unschedulable = text(member(condition, "message"));
  });
  each(member(pod, "status", "containerStatuses"), [&](const Json& status) {
    record.restarts += integer(member(status, "restartCount"));
    const Json& state = member(status, "state");
    record.started =
        member(state, "running").is_object() || integer(member(status, "restartCount")) > 0;
    record.waiting_reason = text(member(state, "waiting", "reason"));
    record.waiting_message = text(member(state, "waiting", "message"));
    const Json& now = member(state, "terminated");
    const Json& ended = now.is_object() ? now : member(status, "lastState", "terminated");
    if (!ended.is_object()) return;
    record.started = true;
    record.last_exit_code = integer(member(ended, "exitCode"));
    record.last_reason = text(member(ended, "reason"));
    record.last_message = text(member(ended, "message"));
  });
  return record;
}

kube::Decoder<OwnedRecord> ownedDecoder(const kube::Store<api::ProfilingServer>& servers) {
  return [&servers, read = kube::jsonDecoder<OwnedRecord>(ownedRecord)](
             std::string_view text) -> Result<kube::Decoded<OwnedRecord>> {
    if (text.size() > kMaxOwnedBytes) {
      std::string key = kube::keyOf(text);
      if (key.empty()) return Status(Code::kInvalidArgument, "metadata.name is missing");
      return kube::Decoded<OwnedRecord>{std::move(key), nullptr};
    }
    auto decoded = read(text);
    if (decoded.ok() && !ofServer(*decoded->record, servers)) decoded->record = nullptr;
    return decoded;
  };
}
kube::Decoder<ServerPodRecord> serverPodDecoder() {
  return kube::jsonDecoder<ServerPodRecord>(serverPodRecord);
}
kube::Decoder<NamespaceRecord> namespaceDecoder() {
  return kube::jsonDecoder<NamespaceRecord>([](const Json& o) -> Result<NamespaceRecord> {
    const Result<api::ObjectMeta> meta = api::metaFromJson(o);
    if (!meta.ok()) return meta.status();
    return inject::namespaceRecord(*meta);
  });
}
kube::Decoder<VersionRecord> versionDecoder() {
  return kube::jsonDecoder<VersionRecord>(
      [](const Json& o) { return VersionRecord{text(member(o, "metadata", "resourceVersion"))}; });
}

}  // namespace profiling::controllers
