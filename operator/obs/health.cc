#include "operator/obs/health.h"

namespace profiling::obs {

void Health::addLiveness(std::string name, Check check) {
  const MutexLock lock(mutex_);
  liveness_.emplace_back(std::move(name), std::move(check));
}

void Health::addReadiness(std::string name, Check check) {
  const MutexLock lock(mutex_);
  readiness_.emplace_back(std::move(name), std::move(check));
}

void Health::started() {
  const MutexLock lock(mutex_);
  started_ = true;
}

net::ServerResponse Health::livez(bool verbose) const {
  const MutexLock lock(mutex_);
  return answer(liveness_, verbose);
}

net::ServerResponse Health::readyz(bool verbose) const {
  const MutexLock lock(mutex_);
  if (started_) return answer(readiness_, verbose);
  return answer({{"start", [] { return "the process waits for the API server"; }}}, verbose);
}

net::ServerResponse Health::answer(const Checks& checks, bool verbose) {
  std::string failing;
  std::string passing;
  for (const auto& [name, check] : checks) {
    if (const auto problem = check()) {
      failing += "[-]" + name + ": " + *problem + "\n";
    } else if (verbose) {
      passing += "[+]" + name + " ok\n";
    }
  }
  net::ServerResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.status = failing.empty() ? 200 : 503;
  response.body = passing + failing + (failing.empty() ? "ok\n" : "not ok\n");
  return response;
}

std::vector<net::Route> healthRoutes(const Health& health, Metrics& metrics) {
  const auto verbose = [](const net::ServerRequest& request) {
    return request.query.find("verbose") != std::string_view::npos;
  };
  return {
      {"GET", "/livez",
       [&health, verbose](const net::ServerRequest& r) { return health.livez(verbose(r)); }},
      {"GET", "/readyz",
       [&health, verbose](const net::ServerRequest& r) { return health.readyz(verbose(r)); }},
      {"GET", "/metrics",
       [&metrics](const net::ServerRequest&) {
         net::ServerResponse response;
         response.content_type = "text/plain; version=0.0.4; charset=utf-8";
         response.body = metrics.text();
         return response;
       }},
  };
}

}  // namespace profiling::obs
