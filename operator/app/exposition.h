// The health endpoints and the metrics of both long-running processes.
#pragma once

#include <memory>
#include <string>

#include "operator/app/options.h"
#include "operator/kube/reflector.h"
#include "operator/net/http_server.h"
#include "operator/obs/health.h"
#include "operator/obs/metrics.h"

namespace profiling::app {

// Counts and times the requests of a server, under its name.
net::ServerObserver observe(obs::Metrics& metrics, const std::string& server);

// Serves /livez, /readyz and /metrics over plain HTTP; logs the port. Called first of all, so that a
// process that waits for the API server is alive.
Result<std::unique_ptr<net::HttpServer>> serveHealth(const CommonOptions& options,
                                                     const obs::Health& health,
                                                     obs::Metrics& metrics);

// Ends the health server before the objects that its checks and metrics refer to: declared after
// them, and before anything that refers to them is added.
class ClosesFirst {
 public:
  explicit ClosesFirst(std::unique_ptr<net::HttpServer>& server) : server_(server) {}
  ~ClosesFirst() { server_.reset(); }
  ClosesFirst(const ClosesFirst&) = delete;
  ClosesFirst& operator=(const ClosesFirst&) = delete;

 private:
  std::unique_ptr<net::HttpServer>& server_;
};

// Copies a reflector's counters into series of its resource before each exposition.
void exportReflector(obs::Metrics& metrics, const kube::Reflector& reflector);

}  // namespace profiling::app
