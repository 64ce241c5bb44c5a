#include "operator/app/exposition.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "operator/app/server_limits.h"
#include "operator/base/clock.h"
#include "operator/base/log.h"
#include "operator/net/beast/server.h"

namespace profiling::app {
namespace {

// From 100 µs to 1 s: the target is 2 ms at the 99th percentile, the webhook's timeout 3 s.
const std::vector<double> kServiceSeconds{0.0001, 0.00025, 0.0005, 0.001, 0.002,
                                          0.005,  0.01,    0.05,   0.25,  1};

}  // namespace

net::ServerObserver observe(obs::Metrics& metrics, const std::string& server) {
  net::ServerObserver observer;
  auto& seconds = metrics.histogram("profiling_http_request_seconds",
                                    "Service time: request read to reply ready.", kServiceSeconds,
                                    {{"server", server}});
  auto& connections =
      metrics.gauge("profiling_http_connections", "Open connections.", {{"server", server}});
  observer.request = [&metrics, &seconds, server](std::string_view, int status,
                                                  std::chrono::nanoseconds service_time) {
    seconds.Observe(std::chrono::duration<double>(service_time).count());
    metrics
        .counter("profiling_http_requests_total", "Answers of our HTTP servers.",
                 {{"server", server}, {"status", std::to_string(status)}})
        .Increment();
  };
  observer.rejected = [&metrics, server](std::string_view reason) {
    metrics
        .counter("profiling_http_rejected_total",
                 "Connections and requests refused by a limit or deadline.",
                 {{"server", server}, {"reason", std::string(reason)}})
        .Increment();
  };
  observer.connections = [&connections](int delta) { connections.Increment(delta); };
  return observer;
}

Result<std::unique_ptr<net::HttpServer>> serveHealth(const CommonOptions& options,
                                                     const obs::Health& health,
                                                     obs::Metrics& metrics) {
  net::ServerOptions server;
  server.name = "health";
  server.address = options.health.host;
  server.port = options.health.port;
  server.threads = 1;
  server.limits = healthLimits();
  auto made = net::beast::makeServer(server, obs::healthRoutes(health, metrics),
                                     observe(metrics, "health"));
  if (made.ok()) log::info("Health endpoints served", {{"port", (*made)->port()}});
  return made;
}

void exportReflector(obs::Metrics& metrics, const kube::Reflector& reflector) {
  const kube::ReflectorOptions& watched = reflector.options();
  const obs::Labels labels{{"resource", watched.resource.plural},
                           {"selector", watched.label_selector.empty() ? watched.field_selector
                                                                       : watched.label_selector}};
  auto& lists = metrics.counter("profiling_watch_lists_total", "Complete lists.", labels);
  auto& streamed = metrics.counter("profiling_watch_streamed_lists_total",
                                   "Complete lists that came as a stream.", labels);
  auto& events = metrics.counter("profiling_watch_events_total", "Watch events.", labels);
  auto& errors =
      metrics.counter("profiling_watch_errors_total", "Failed lists and watches.", labels);
  auto& decode = metrics.counter("profiling_watch_decode_errors_total",
                                 "Objects that could not be decoded.", labels);
  auto& age = metrics.gauge(
      "profiling_store_age_seconds",
      "Seconds since the API server last confirmed that the store is current.", labels);
  metrics.onCollect([&lists, &streamed, &events, &errors, &decode, &age, &reflector] {
    const kube::ReflectorStats stats = reflector.stats();
    obs::raiseTo(lists, stats.lists);
    obs::raiseTo(streamed, stats.streamed_lists);
    obs::raiseTo(events, stats.events);
    obs::raiseTo(errors, stats.watch_errors);
    obs::raiseTo(decode, stats.decode_errors);
    age.Set(std::chrono::duration<double>(Clock::real().steady() - stats.last_contact).count());
  });
}

}  // namespace profiling::app
