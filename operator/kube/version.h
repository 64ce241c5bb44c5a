// The API server's Kubernetes version, and what depends on it.
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

// Reads the body of GET /version; a minor version of "34+", as some clouds report, is 34.
Result<ServerVersion> parseVersion(std::string_view json);
// Retries until `patience` has passed; there is no other source for the version.
Result<ServerVersion> readVersion(net::HttpClient& http, std::chrono::milliseconds patience,
                                  const std::stop_token& stop);

// Whether every node that such a cluster may have starts native sidecars. Kubelets do since 1.29,
// and may be three minor versions older than the API server (Kubernetes' version skew policy); an
// older kubelet would never get the pod running.
bool allNodesHaveNativeSidecars(const ServerVersion& version);

}  // namespace profiling::kube
