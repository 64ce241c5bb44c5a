// `webhook`: answers admissions from the state of its watches.
#include <array>
#include <atomic>
#include <unistd.h>

#include "operator/app/api_server.h"
#include "operator/app/exposition.h"
#include "operator/app/process.h"
#include "operator/app/run.h"
#include "operator/app/server_limits.h"
#include "operator/base/encoding.h"
#include "operator/base/log.h"
#include "operator/base/memory_limit.h"
#include "operator/base/stop.h"
#include "operator/base/str_cat.h"
#include "operator/net/beast/server.h"
#include "operator/obs/client_metrics.h"
#include "operator/tls/client_ca_file.h"
#include "operator/tls/file_source.h"
#include "webhooks/mutate_pod.h"
#include "webhooks/validate_object.h"
#include "webhooks/watch/watches.h"

namespace profiling::app {
namespace {

constexpr std::chrono::seconds kDrainDeadline{15};
// An I/O thread runs nothing that takes a tenth of a second. A stall takes the process out of the
// Service, and a longer one has it restarted.
constexpr std::chrono::seconds kStallUnready{2}, kStallDead{8};

// One counter for each reason and mode, created in advance so that an admission looks nothing up.
class DecisionCounters {
 public:
  explicit DecisionCounters(obs::Metrics& metrics) {
    for (std::size_t i = 0; i < inject::kReasonCount; ++i) {
      for (const auto* mode : {"enforce", "observe"}) {
        auto& counters = mode == std::string_view("observe") ? observed_ : enforced_;
        counters.at(i) = &metrics.counter(
            "profiling_admission_decisions_total",
            "Admissions that were not dry runs, by reason and by the policy's mode.",
            {{"reason", std::string(inject::reasonName(static_cast<inject::Reason>(i)))},
             {"mode", mode}});
      }
    }
  }
  void count(inject::Reason reason, api::PolicyMode mode) {
    auto& counters = mode == api::PolicyMode::kObserve ? observed_ : enforced_;
    counters.at(static_cast<std::size_t>(reason))->Increment();
  }

 private:
  std::array<prometheus::Counter*, inject::kReasonCount> enforced_{}, observed_{};
};

// Six hex digits: enough to distinguish a few processes, and short in every pod's annotation.
std::string replicaName() {
  return hexSha256(hostName() + "/" + std::to_string(::getpid())).substr(0, 6);
}

void exportCertificate(obs::Metrics& metrics, const tls::FileSource& certificate) {
  auto& expiry = metrics.gauge("profiling_certificate_expiry_timestamp_seconds",
                               "When the serving certificate expires, in seconds since 1970.");
  auto& reloads = metrics.gauge("profiling_certificate_reloads_total", "Certificates loaded.");
  auto& errors =
      metrics.gauge("profiling_certificate_errors_total", "Certificates that could not be loaded.");
  metrics.onCollect([&] {
    if (const auto current = certificate.current()) {
      expiry.Set(static_cast<double>(std::chrono::system_clock::to_time_t(current->notAfter())));
    }
    reloads.Set(static_cast<double>(certificate.reloads()));
    errors.Set(static_cast<double>(certificate.errors()));
  });
}

void exportBreakers(obs::Metrics& metrics, const webhooks::Breakers& breakers) {
  auto& refused =
      metrics.gauge("profiling_refused_owners",
                    "Owners whose pods get no agent because the API server refused some.");
  auto& images = metrics.gauge("profiling_unpullable_agent_images",
                               "Agent images that are left out because pods cannot pull them.");
  metrics.onCollect([&] {
    const auto stats = breakers.stats();
    refused.Set(static_cast<double>(stats.refused_owners));
    images.Set(static_cast<double>(stats.unpullable_images));
  });
}

obs::Health::Check moves(net::HttpServer& server, std::chrono::milliseconds at_most) {
  return [&server, at_most]() -> std::optional<std::string> {
    const auto stalled = server.stalledFor();
    if (stalled <= at_most) return std::nullopt;
    return strCat("an I/O thread of the webhook has not moved for ", stalled.count(), " ms");
  };
}

void addChecks(obs::Health& health, net::HttpServer& server, const webhooks::Watches& watches,
               const tls::FileSource& certificate, const std::string& tls_dir,
               const std::atomic<bool>& draining) {
  health.addLiveness("io", moves(server, kStallDead));
  health.addReadiness("io", moves(server, kStallUnready));
  health.addReadiness("stores", [&] { return watches.unsynced(); });
  health.addReadiness("certificate", [&certificate, tls_dir]() -> std::optional<std::string> {
    if (certificate.current()) return std::nullopt;
    return "no usable certificate in " + tls_dir;
  });
  health.addReadiness("shutdown", [&]() -> std::optional<std::string> {
    if (!draining) return std::nullopt;
    return "the process is shutting down";
  });
}

net::ServerOptions serverOptions(const WebhookOptions& options, tls::FileSource& certificate,
                                 const std::optional<tls::ClientCaFile>& client_ca) {
  net::ServerOptions server;
  server.name = "webhook";
  server.address = options.listen.host;
  server.port = options.listen.port;
  server.tls = &certificate;
  server.threads = options.threads;
  server.client_ca = client_ca ? &*client_ca : nullptr;
  const auto memory = memoryLimit();
  server.limits = webhookLimits(memory);
  log::info("Limits chosen", {{"memoryLimit", memory.value_or(0)},
                              {"connections", server.limits.connections},
                              {"connectionsPerPeer", server.limits.connections_per_peer},
                              {"bodyBytes", server.limits.bodies_in_memory}});
  return server;
}

// Serves until a signal, then until the endpoints no longer list this process and all its requests
// are answered. The API server keeps connections to a pod that goes: each is closed after a reply.
void serve(net::HttpServer& server, webhooks::Watches& watches, tls::FileSource& certificate,
           const WebhookOptions& options, std::atomic<bool>& draining) {
  certificate.start();
  watches.start();
  const int signal =
      waitForSignal([&] { return !watches.unsynced() && certificate.current() != nullptr; });
  draining = true;
  server.closeAfterReplies();
  log::info("Readiness withdrawn",
            {{"signal", signal}, {"servedForMs", options.shutdown_delay.count()}});
  sleepFor({}, options.shutdown_delay);
  log::info("Webhook draining");
  const bool drained = server.drain(kDrainDeadline);
  if (!drained) log::warn("Drain deadline exceeded", {{"seconds", kDrainDeadline.count()}});
  watches.stop();
  log::info("Webhook stopped", {{"drained", drained}});
}

}  // namespace

int runWebhook(const WebhookOptions& options) {
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

  DecisionCounters decisions(metrics);
  auto& failures = metrics.counter("profiling_admission_failures_total",
                                   "Admissions that failed open because of an internal error.");
  webhooks::RolloutTable rollouts(replicaName(), options.replicas);
  webhooks::Breakers breakers(Clock::real(), options.refusal_hold);
  exportBreakers(metrics, breakers);
  webhooks::ClusterTable cluster;
  webhooks::PodMutator mutator(
      injectSettings(options.common, *native_sidecars),
      {.decided = [&](inject::Reason r, api::PolicyMode m) { decisions.count(r, m); },
       .failed_open = [&] { failures.Increment(); }},
      &rollouts, &cluster, &breakers);
  obs::MeasuredClient watch_client(*api_server->watches, metrics, hostOf(api_server->config));
  webhooks::Watches watches(
      watch_client, {options.common.agents, options.common.operator_namespace, options.watch_nodes},
      mutator, rollouts, cluster, breakers);
  const webhooks::ObjectValidator validator(watches.known(), [&] { failures.Increment(); });
  tls::FileSource certificate(options.tls_dir);
  std::optional<tls::ClientCaFile> client_ca;
  if (!options.client_ca.empty()) client_ca.emplace(options.client_ca).start();

  std::atomic<bool> draining{false};
  auto webhook = net::beast::makeServer(
      serverOptions(options, certificate, client_ca),
      {{"POST", "/mutate-pods", [&](const net::ServerRequest& r) { return mutator.handle(r); },
        webhooks::kMaxPodReview},
       {"POST", "/validate", [&](const net::ServerRequest& r) { return validator.handle(r); },
        webhooks::kMaxObjectReview}},
      observe(metrics, "webhook"));
  if (!webhook.ok()) return failedStart(webhook.status());
  log::info("Webhook served", {{"port", (*webhook)->port()}, {"version", PROFILING_VERSION}});

  const ClosesFirst closes_first(*health_server);
  for (const kube::Reflector* reflector : watches.reflectors())
    exportReflector(metrics, *reflector);
  exportCertificate(metrics, certificate);
  addChecks(health, **webhook, watches, certificate, options.tls_dir, draining);
  health.started();
  serve(**webhook, watches, certificate, options, draining);
  return 0;
}

}  // namespace profiling::app
