// Parts that both long-running processes are built of.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operator/app/options.h"
#include "operator/kube/config.h"
#include "operator/kube/reflector.h"
#include "operator/net/http_client.h"
#include "operator/net/http_server.h"
#include "operator/obs/health.h"
#include "operator/obs/metrics.h"

namespace profiling::app {

// Two clients of the API server: watches hold connections for minutes and have their own pool.
struct ApiServer {
  kube::ClusterConfig config;
  std::unique_ptr<net::HttpClient> calls;
  std::unique_ptr<net::HttpClient> watches;
};
Result<ApiServer> connectApiServer(const CommonOptions& options);
// Whether a sidecar may be a native one: as the administrator says, else as the API server's
// version tells. Waits up to half a minute for it.
Result<bool> nativeSidecars(const CommonOptions& options, net::HttpClient& api_server);
// "10.0.0.1:6443": the label `host` of rest_client_*.
std::string hostOf(const kube::ClusterConfig& config);
// One more client of the same server, with connections of its own.
Result<std::unique_ptr<net::HttpClient>> connectAgain(const kube::ClusterConfig& config);

// Counts and times what a server does, under its name.
net::ServerObserver observe(obs::Metrics& metrics, const std::string& server);

// /livez, /readyz and /metrics over plain HTTP; logs the port.
Result<std::unique_ptr<net::HttpServer>> serveHealth(const CommonOptions& options,
                                                     const obs::Health& health,
                                                     obs::Metrics& metrics);

// Copies a reflector's counters into series of its resource before each exposition.
void exportReflector(obs::Metrics& metrics, const kube::Reflector& reflector);

// Logs `why` and returns the exit code of a start that failed.
int failedStart(const Status& why);

}  // namespace profiling::app
