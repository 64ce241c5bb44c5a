#include "controllers/ebpf/decide.h"

#include <algorithm>
#include <utility>

#include "controllers/specs/compare.h"
#include "controllers/specs/metadata.h"
#include "operator/api/json_access.h"

namespace profiling::controllers {
namespace {

using api::member;
using api::text;

using Json = nlohmann::json;

bool isOurs(const Json& live) {
  const Json& managers = member(live, "metadata", "managedFields");
  for (const Json& entry : managers.is_array() ? managers : Json::array()) {
    if (text(member(entry, "manager")) == kEbpfFieldManager) return true;
  }
  const Json& metadata = member(live, "metadata");
  const Json& labels = member(metadata, "labels");
  return text(member(labels, specs::kManagedByLabel)) == specs::kManager &&
         text(member(labels, specs::kComponentLabel)) == specs::kEbpfComponent &&
         text(member(labels, specs::kInstanceLabel)) == text(member(metadata, "name"));
}

void decideOne(EbpfObject object, const Json& live, const Json* wanted, EbpfDecision& out) {
  if (live.is_null()) {
    if (wanted != nullptr) out.changes.push_back({object, *wanted, "/", "", ""});
    return;
  }
  const Json& metadata = member(live, "metadata");
  const bool deleting = !member(metadata, "deletionTimestamp").is_null();
  const std::string what = std::string(ebpfObjectName(object)) + " '" +
                           text(member(metadata, "namespace")) + "/" +
                           text(member(metadata, "name")) + "'";
  const std::string uid = text(member(metadata, "uid"));
  const std::string version = text(member(metadata, "resourceVersion"));
  if (!isOurs(live)) {
    if (wanted == nullptr) return;
    out.blocked = what +
                  " exists and does not belong to this operator, so it is left alone: delete or "
                  "rename it, or set ebpf.enabled to false";
  } else if (wanted == nullptr) {
    if (!deleting) out.changes.push_back({object, nullptr, "", uid, version});
  } else if (deleting) {
    out.blocked = what + " is being deleted; it is created again afterwards";
  } else if (auto difference = specs::firstDifference(live, *wanted)) {
    out.changes.push_back({object, *wanted, *std::move(difference), uid, version});
  }
}

}  // namespace

std::string_view ebpfObjectName(EbpfObject object) {
  return object == EbpfObject::kConfigMap ? "ConfigMap" : "DaemonSet";
}

EbpfDecision decideEbpf(const EbpfInput& input) {
  EbpfDecision out;
  const bool on = input.wanted.has_value();
  decideOne(EbpfObject::kConfigMap, input.config_map, on ? &input.wanted->config_map : nullptr,
            out);
  decideOne(EbpfObject::kDaemonSet, input.daemon_set, on ? &input.wanted->daemon_set : nullptr,
            out);
  // One object is useless without the other. Removal starts with the DaemonSet, which uses the
  // other.
  if (!out.blocked.empty()) out.changes.clear();
  if (!on) std::reverse(out.changes.begin(), out.changes.end());
  return out;
}

}  // namespace profiling::controllers
