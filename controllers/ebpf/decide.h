// Decides what to do about the objects that profile nodes with eBPF. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controllers/specs/ebpf_objects.h"

namespace profiling::controllers {

inline constexpr const char* kEbpfFieldManager = "profiling-operator-ebpf";

enum class EbpfObject { kConfigMap, kDaemonSet };
std::string_view ebpfObjectName(EbpfObject object);

struct EbpfInput {
  std::optional<specs::EbpfObjects> wanted;  // nullopt: switched off
  nlohmann::json config_map, daemon_set;     // as the API server has them; null: not there
};

struct EbpfChange {
  EbpfObject object = EbpfObject::kConfigMap;
  nlohmann::json wanted;              // null: remove the object
  std::string difference;             // JSON pointer of the first one; "/" when it is not there
  std::string uid, resource_version;  // of the live object
};

struct EbpfDecision {
  std::vector<EbpfChange> changes;  // in this order
  std::string blocked;              // why nothing can be done now; decide again later
};

// An object of our name that is not ours is neither written nor removed. An object is ours when our
// field manager applied it or it carries all our labels: backups restore objects without managers.
EbpfDecision decideEbpf(const EbpfInput& input);

}  // namespace profiling::controllers
