// `controller`: everything that writes: storage servers, statuses, certificates.
#include <algorithm>

#include "controllers/controllers.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/app/controller_metrics.h"
#include "operator/app/leadership.h"
#include "operator/app/parts.h"
#include "operator/app/process.h"
#include "operator/app/run.h"
#include "operator/base/log.h"
#include "operator/base/text.h"
#include "operator/kube/fence.h"
#include "operator/kube/throttle.h"
#include "operator/net/curl/client.h"
#include "operator/obs/client_metrics.h"

namespace profiling::app {

int runController(const ControllerOptions& options) {
  log::init(options.common.log_level, options.common.log_format);
  auto api_server = connectApiServer(options.common);
  if (!api_server.ok()) return failedStart(api_server.status());

  controllers::Settings settings;
  settings.operator_namespace = options.common.operator_namespace;
  settings.webhook_service = options.webhook_service;
  settings.webhook_configuration = options.webhook_configuration;
  settings.certificate_secret = options.certificate_secret;
  settings.ca_configmap = options.ca_configmap;
  settings.instance = hostName();
  settings.agents = options.common.agents;
  const auto native_sidecars = nativeSidecars(options.common, *api_server->calls);
  if (!native_sidecars.ok()) return failedStart(native_sidecars.status());
  settings.native_sidecars = *native_sidecars;
  settings.ebpf = options.ebpf;
  settings.ebpf_name = options.ebpf_daemonset;
  settings.timing.shortest_watch = options.watch_timeout;
  settings.timing.longest_watch = 2 * options.watch_timeout;
  // No list may take longer than a watch lasts.
  settings.timing.stream_deadline =
      std::min<Millis>(settings.timing.stream_deadline, options.watch_timeout);
  if (!options.owner_deployment.empty()) {
    kube::Client client(*api_server->calls);
    const auto owner = client.get({"apps", "v1", "deployments"}, settings.operator_namespace,
                                  options.owner_deployment, {});
    if (!owner.ok()) return failedStart(owner.status().annotated("--owner-deployment"));
    settings.owner = {options.owner_deployment, api::metaFromJson(*owner)->uid};
  }
  settings.max_restarting = options.max_restarting;
  for (const std::string& text : options.server_addresses) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return failedStart({Code::kInvalidArgument, "--server-address '" + printable(text) +
                                                      "' must look like NAMESPACE/NAME=HOST:PORT"});
    }
    settings.server_addresses[text.substr(0, equals)] = text.substr(equals + 1);
  }
  auto queries = net::curl::makeClient();
  if (!queries.ok()) return failedStart(queries.status());
  settings.queries = queries->get();
  auto lease_connections = connectAgain(api_server->config);
  if (!lease_connections.ok()) return failedStart(lease_connections.status());
  obs::Metrics metrics;
  const std::string host = hostOf(api_server->config);
  obs::MeasuredClient lease_http(**lease_connections, metrics, host);
  // Several calls that hang must fit into the renewal deadline.
  kube::Client lease_client(lease_http, options.lease.renew_deadline / 4);
  Leadership leadership(lease_client, options, settings.owner);
  obs::MeasuredClient measured_calls(*api_server->calls, metrics, host);
  kube::ThrottledClient throttled_calls(measured_calls);
  kube::FencedClient calls(throttled_calls, leadership.fence());
  obs::MeasuredClient watches(*api_server->watches, metrics, host);
  controllers::Controllers all(calls, watches, settings);

  obs::addProcessMetrics(metrics);
  exportControllers(metrics, all);
  for (const kube::Reflector* reflector : all.reflectors()) exportReflector(metrics, *reflector);
  obs::Health health;
  leadership.report(metrics, health);
  health.addReadiness("stores", [&]() -> std::optional<std::string> {
    const auto missing = all.unsynced();
    if (missing.empty()) return std::nullopt;
    return missing.front() + " are not listed yet";
  });
  addWatchdog(health, all);
  auto health_server = serveHealth(options.common, health, metrics);
  if (!health_server.ok()) return failedStart(health_server.status());

  all.startWatches();
  log::info("Controllers started", {{"version", PROFILING_VERSION}});
  leadership.start([&all] { all.startWorkers(); });
  const int signal = waitForSignal([&all] { return all.synced(); });
  log::info("Controllers stopping", {{"signal", signal}});
  leadership.stop([&all] { all.stopWorkers(); });
  all.stopWatches();
  log::info("Controllers stopped");
  return 0;
}

}  // namespace profiling::app
