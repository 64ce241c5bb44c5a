// The API server clients of both long-running processes, and the settings that both share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "operator/app/options.h"
#include "operator/inject/inject.h"
#include "operator/kube/config.h"
#include "operator/net/http_client.h"

namespace profiling::app {

// Two clients of the API server: watches hold connections for minutes and have their own pool.
struct ApiServer {
  kube::ClusterConfig config;
  std::unique_ptr<net::HttpClient> calls;
  std::unique_ptr<net::HttpClient> watches;
};
Result<ApiServer> connectApiServer(const CommonOptions& options);
// One more client of the same server, with its own connections.
Result<std::unique_ptr<net::HttpClient>> connectAgain(const kube::ClusterConfig& config);
// "10.0.0.1:6443": the label `host` of rest_client_*.
std::string hostOf(const kube::ClusterConfig& config);

// Calls `ask`, which reads from the API server, until it gets an answer: through an outage, which
// is no reason to restart. kCancelled when the process has to stop.
Status whenAnswered(const std::function<Status()>& ask);

// Whether sidecars may be native: as --native-sidecars states; Auto follows the API server's
// version, for which it waits.
Result<bool> nativeSidecars(const CommonOptions& options, net::HttpClient& api_server);

// The settings by which the webhook admits and the controllers report.
inject::Settings injectSettings(const CommonOptions& options, bool native_sidecars);

}  // namespace profiling::app
