#include "controllers/runtime/apply_owned.h"

#include "controllers/specs/metadata.h"
#include "operator/api/json_access.h"
#include "operator/base/log.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

using api::member;
using api::text;

Status applyOwned(kube::Client& client, ApplyGuard& guard, const OwnedWrite& write,
                  std::optional<Millis>& wait, const std::stop_token& stop) {
  const std::string namespace_ = text(member(write.object, "metadata", "namespace"));
  const std::string name = text(member(write.object, "metadata", "name"));
  const std::string id =
      text(member(write.object, "kind")) + "/" + kube::objectKey(namespace_, name);
  wait = guard.check(id, std::string(write.uid) + specs::hashOf(write.object));
  if (wait) return {};
  // An existing object is ours, and we take our fields back. Otherwise another client may have
  // created it since: then the write conflicts, and the next pass reads it.
  const auto conflicts = write.uid.empty() ? kube::Conflicts::kFail : kube::Conflicts::kForce;
  Status result =
      client.apply(write.resource, write.object, write.field_manager, stop, {}, conflicts).status();
  if (result.code() == Code::kInvalidArgument && !write.uid.empty()) {
    // Apply merges keyed lists, so an entry that another client renamed stays beside ours, and the
    // two may be invalid together. A merge patch replaces such a list as a whole.
    nlohmann::json patch = write.object;
    patch["metadata"]["resourceVersion"] = write.resource_version;
    const Status replaced =
        client.mergePatch(write.resource, namespace_, name, patch, stop).status();
    if (replaced.ok()) result = replaced;
  }
  if (!result.ok()) {
    guard.forget(id);
    return result.annotated("apply " + id);
  }
  log::info("Object applied", {{"object", id}, {"difference", write.difference}});
  return {};
}

}  // namespace profiling::controllers
