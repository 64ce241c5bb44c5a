// The objects that profile nodes with eBPF: a ConfigMap and a DaemonSet of Grafana Alloy. Pure.
//
// The chart creates the account under which Alloy looks for pods, with the DaemonSet's name: an
// operator that could create it could grant rights.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "controllers/specs/webhook_objects.h"
#include "operator/api/ebpf_settings.h"

namespace profiling::specs {

// Identifies our pods and objects, besides kManagedByLabel on the objects.
inline constexpr std::string_view kComponentLabel = "app.kubernetes.io/component";
inline constexpr std::string_view kEbpfComponent = "ebpf";

struct EbpfPlace {
  std::string namespace_;  // the operator's own
  std::string name;        // of both objects and of the ServiceAccount
  OwnerDeployment owner;   // deleting it deletes them
};

struct EbpfObjects {
  nlohmann::json config_map, daemon_set;  // stamped (metadata.h)
};

EbpfObjects ebpfObjects(const api::EbpfSettings& settings, const EbpfPlace& place,
                        std::string_view server_url);

}  // namespace profiling::specs
