// /livez, /readyz and /metrics: checks by name, as the Kubernetes API server has them.
//
// Liveness never depends on the API server or on any other process. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operator/base/mutex.h"
#include "operator/net/http_server.h"
#include "operator/obs/metrics.h"

namespace profiling::obs {

class Health {
 public:
  // Returns the problem, or nullopt. Runs for each probe: must be cheap, thread-safe and without
  // I/O.
  using Check = std::function<std::optional<std::string>()>;

  void addLiveness(std::string name, Check check);
  void addReadiness(std::string name, Check check);

  // Ready only after this, whatever the checks say: a process serves its probes before it has made
  // what the checks look at.
  void started();

  // 200 "ok", or 503 with one line for each failing check: "[-]stores: policies not synced".
  // With `verbose`, passing checks are listed too.
  net::ServerResponse livez(bool verbose) const;
  net::ServerResponse readyz(bool verbose) const;

 private:
  using Checks = std::vector<std::pair<std::string, Check>>;
  static net::ServerResponse answer(const Checks& checks, bool verbose);
  mutable Mutex mutex_;
  bool started_ PROFILING_GUARDED_BY(mutex_) = false;
  Checks liveness_ PROFILING_GUARDED_BY(mutex_);
  Checks readiness_ PROFILING_GUARDED_BY(mutex_);
};

// GET /livez, /readyz (both with ?verbose) and /metrics. The references must outlive the server.
std::vector<net::Route> healthRoutes(const Health& health, Metrics& metrics);

}  // namespace profiling::obs
