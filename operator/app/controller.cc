// `controller`: everything that writes: storage servers, statuses, certificates.
#include <algorithm>

#include "controllers/manager.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/app/api_server.h"
#include "operator/app/controller_metrics.h"
#include "operator/app/exposition.h"
#include "operator/app/leadership.h"
#include "operator/app/process.h"
#include "operator/app/run.h"
#include "operator/base/log.h"
#include "operator/kube/fence.h"
#include "operator/kube/throttle.h"
#include "operator/net/curl/client.h"
#include "operator/obs/client_metrics.h"

namespace profiling::app {
namespace {

// The owner of the objects that this process creates: they are deleted with it.
Result<specs::OwnerDeployment> readOwner(const ControllerOptions& options, net::HttpClient& calls) {
  specs::OwnerDeployment owner;
  if (options.owner_deployment.empty()) return owner;
  Result<nlohmann::json> deployment(Status(Code::kCancelled, "not asked"));
  const Status answered = whenAnswered([&] {
    deployment =
        kube::Client(calls).get({"apps", "v1", "deployments"}, options.common.operator_namespace,
                                options.owner_deployment, {});
    return deployment.status();
  });
  if (!answered.ok()) return answered;
  const auto metadata = api::metaFromJson(*deployment);
  if (!metadata.ok()) return metadata.status();
  return specs::OwnerDeployment{options.owner_deployment, metadata->uid};
}

kube::WatchTiming watchTiming(std::chrono::seconds timeout) {
  kube::WatchTiming timing;
  timing.shortest_watch = timeout;
  timing.longest_watch = 2 * timeout;
  // No list may take longer than a watch lasts.
  timing.stream_deadline = std::min<Millis>(timing.stream_deadline, timeout);
  return timing;
}

controllers::Settings controllerSettings(const ControllerOptions& options, bool native_sidecars,
                                         const specs::OwnerDeployment& owner,
                                         net::QueryClient& queries) {
  const std::string& home = options.common.operator_namespace;
  controllers::Settings settings;
  settings.inject = injectSettings(options.common, native_sidecars);
  settings.certificates = {home,
                           options.webhook_service,
                           options.webhook_configuration,
                           options.certificate_secret,
                           options.ca_configmap,
                           owner};
  settings.ebpf = options.ebpf;
  settings.ebpf_place = {home, options.ebpf_daemonset, owner};
  settings.instance = hostName();
  settings.webhook_deployment = options.webhook_deployment;
  settings.restarts = {options.restarts, options.max_restarting};
  settings.queries = &queries;
  settings.server_addresses = options.server_addresses;
  settings.timing = watchTiming(options.watch_timeout);
  return settings;
}

// Runs until a signal. Only a leader works; a standby keeps its stores warm.
void serve(controllers::Manager& manager, Leadership& leadership) {
  manager.startWatches();
  log::info("Controllers started", {{"version", PROFILING_VERSION}});
  leadership.start([&] { manager.startWorkers(); });
  const int signal = waitForSignal([&] { return manager.synced(); });
  log::info("Controllers stopping", {{"signal", signal}});
  leadership.stop([&] { manager.stopWorkers(); });
  manager.stopWatches();
  log::info("Controllers stopped");
}

}  // namespace

int runController(const ControllerOptions& options) {
  log::init(options.common.log_level, options.common.log_format);
  auto api_server = connectApiServer(options.common);
  if (!api_server.ok()) return failedStart(api_server.status());
  obs::Metrics metrics;
  obs::addProcessMetrics(metrics);
  obs::Health health;
  auto health_server = serveHealth(options.common, health, metrics);
  if (!health_server.ok()) return failedStart(health_server.status());
  const auto native_sidecars = nativeSidecars(options.common, *api_server->calls);
  if (!native_sidecars.ok()) return failedStart(native_sidecars.status());
  const auto owner = readOwner(options, *api_server->calls);
  if (!owner.ok()) return failedStart(owner.status().annotated("--owner-deployment"));
  auto queries = net::curl::makeClient();
  if (!queries.ok()) return failedStart(queries.status());
  auto lease_connections = connectAgain(api_server->config);
  if (!lease_connections.ok()) return failedStart(lease_connections.status());

  const std::string host = hostOf(api_server->config);
  obs::MeasuredClient lease_http(**lease_connections, metrics, host);
  // Several calls that hang must fit into the renewal deadline.
  kube::Client lease_client(lease_http, options.lease.renew_deadline / 4);
  Leadership leadership(lease_client, options, *owner);
  obs::MeasuredClient measured_calls(*api_server->calls, metrics, host);
  kube::ThrottledClient throttled_calls(measured_calls);
  kube::FencedClient calls(throttled_calls, leadership.fence());
  obs::MeasuredClient watches(*api_server->watches, metrics, host);
  controllers::Manager manager(calls, watches,
                               controllerSettings(options, *native_sidecars, *owner, **queries));

  const ClosesFirst closes_first(*health_server);
  exportControllers(metrics, manager);
  for (const kube::Reflector* each : manager.reflectors()) exportReflector(metrics, *each);
  leadership.report(metrics, health);
  health.addReadiness("stores", [&]() -> std::optional<std::string> {
    const auto missing = manager.unsynced();
    if (missing.empty()) return std::nullopt;
    return missing.front() + " are not listed yet";
  });
  addWatchdog(health, manager);
  health.started();

  serve(manager, leadership);
  return 0;
}

}  // namespace profiling::app
