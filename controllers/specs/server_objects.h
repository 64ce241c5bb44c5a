// The objects of one ProfilingServer: ConfigMap, Services, StatefulSet. Pure.
//
// The StatefulSet has a volume even when profiles go to S3: the metastore's raft log indexes all
// blocks, and without it stored profiles cannot be queried. One replica: several would each start
// their own raft. Profiles outlive the ProfilingServer: deleting a StatefulSet keeps its volume
// claims.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/server.h"

namespace profiling::specs {

enum class ObjectKind { kConfigMap, kService, kStatefulSet };
std::string_view objectKindName(ObjectKind kind);

inline constexpr int kHttpPort = 4040;
inline constexpr const char* kServerContainer = "pyroscope";
inline constexpr const char* kAccessKeyId = "AWS_ACCESS_KEY_ID";
inline constexpr const char* kSecretAccessKey = "AWS_SECRET_ACCESS_KEY";

std::string configMapName(const api::ProfilingServer& server);        // NAME-config
std::string headlessServiceName(const api::ProfilingServer& server);  // NAME-headless
// Whether one of the server's objects has this name.
bool isServerObjectName(const api::ProfilingServer& server, std::string_view name);
std::string serverUrl(const api::ProfilingServer& server);  // http://NAME.NAMESPACE.svc:4040

struct WantedObject {
  ObjectKind kind = ObjectKind::kConfigMap;
  std::string name;
  nlohmann::json object;  // stamped (metadata.h)
};

// In the order of application. The server must have passed checkServer().
std::vector<WantedObject> serverObjects(const api::ProfilingServer& server);

}  // namespace profiling::specs
