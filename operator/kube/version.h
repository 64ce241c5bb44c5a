// Which Kubernetes the API server is of, and what follows from it.
#pragma once

#include <chrono>
#include <stop_token>
#include <string_view>

#include "operator/base/status.h"
#include "operator/net/http_client.h"

namespace profiling::kube {

struct ServerVersion {
  int major = 0;
  int minor = 0;
};

// Of the body of GET /version; a minor version of "34+", as some clouds say, is 34.
Result<ServerVersion> parseVersion(std::string_view json);
// Tries until `patience` is over: nothing else tells.
Result<ServerVersion> readVersion(net::HttpClient& http, std::chrono::milliseconds patience,
                                  const std::stop_token& stop);

// Whether every node that may belong to such a cluster starts native sidecars. Kubelets do since
// 1.29, and may be three minor versions older than the API server (Kubernetes' version skew
// policy); one that does not would never get the pod running.
bool allNodesHaveNativeSidecars(const ServerVersion& version);

}  // namespace profiling::kube
