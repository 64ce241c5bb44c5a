// `controller`: everything that writes: storage servers, statuses, certificates.
#include <set>

#include "controllers/controllers.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/app/leadership.h"
#include "operator/app/parts.h"
#include "operator/app/process.h"
#include "operator/app/run.h"
#include "operator/base/log.h"

namespace profiling::app {
namespace {

void exportControllers(obs::Metrics& metrics, const controllers::Controllers& all) {
  for (const auto& controller : all.stats()) {
    const std::string name = controller.name;
    auto& depth = metrics.gauge("workqueue_depth", "Keys that are ready.", {{"name", name}});
    auto& longest = metrics.gauge("workqueue_longest_running_processor_seconds",
                                  "How long the longest reconcile runs by now.", {{"name", name}});
    const auto result = [&](const char* value) -> prometheus::Gauge& {
      return metrics.gauge("profiling_reconcile_total", "Reconciles by result.",
                           {{"controller", name}, {"result", value}});
    };
    auto& success = result("success");
    auto& error = result("error");
    auto& terminal = result("terminal");
    auto& exception = result("exception");
    metrics.onCollect([&all, &depth, &longest, &success, &error, &terminal, &exception, name] {
      for (const auto& c : all.stats()) {
        if (c.name != name) continue;
        depth.Set(static_cast<double>(c.runner.depth));
        longest.Set(std::chrono::duration<double>(c.runner.longest_running).count());
        success.Set(static_cast<double>(c.runner.success));
        error.Set(static_cast<double>(c.runner.error));
        terminal.Set(static_cast<double>(c.runner.terminal));
        exception.Set(static_cast<double>(c.runner.exception));
      }
    });
  }
}

}  // namespace

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
  settings.agents = options.common.agents;
  if (!options.owner_deployment.empty()) {
    kube::Client client(*api_server->calls);
    const auto owner = client.get({"apps", "v1", "deployments"}, settings.operator_namespace,
                                  options.owner_deployment, {});
    if (!owner.ok()) return failedStart(owner.status().annotated("--owner-deployment"));
    settings.owner = {options.owner_deployment, api::metaFromJson(*owner)->uid};
  }
  auto lease_connections = connectAgain(api_server->config);
  if (!lease_connections.ok()) return failedStart(lease_connections.status());
  // Several calls that hang must fit into the renewal deadline.
  kube::Client lease_client(**lease_connections, options.lease.renew_deadline / 4);
  Leadership leadership(lease_client, options);
  kube::FencedClient calls(*api_server->calls, leadership.fence());
  controllers::Controllers all(calls, *api_server->watches, settings);

  obs::Metrics metrics;
  obs::addProcessMetrics(metrics);
  exportControllers(metrics, all);
  std::set<std::string> seen;  // two reflectors may watch slices of one resource
  for (const kube::Reflector* reflector : all.reflectors()) {
    if (seen.insert(reflector->options().resource.plural).second)
      exportReflector(metrics, *reflector);
  }
  obs::Health health;
  leadership.report(metrics, health);
  health.addReadiness("stores", [&]() -> std::optional<std::string> {
    const auto missing = all.unsynced();
    if (missing.empty()) return std::nullopt;
    return missing.front() + " are not listed yet";
  });
  auto health_server = serveHealth(options.common, health, metrics);
  if (!health_server.ok()) return failedStart(health_server.status());

  all.startWatches();
  log::info("Controllers started", {{"version", PROFILING_VERSION}});
  leadership.start([&all] { all.startWorkers(); });
  const int signal = waitForSignal();
  log::info("Controllers stopping", {{"signal", signal}});
  leadership.stop([&all] { all.stopWorkers(); });
  all.stopWatches();
  log::info("Controllers stopped");
  return 0;
}

}  // namespace profiling::app
